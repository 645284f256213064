FROM scratch AS final
ARG A
COPY b.txt /
