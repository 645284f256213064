//! What AWS says when it refuses a call: a code and a sentence. The answer to a HEAD, as S3 is asked for buckets and objects, has no body and so neither; there the
//! answer's status and date have to do.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// S3's code for a signature of another time.
pub(crate) const OTHER_TIME: &str = "RequestTimeTooSkewed";
/// How far off a clock may be, in seconds, for a refusal without words to have another reason. AWS allows five minutes, S3 fifteen; answers take time.
const TOLERANCE: i64 = 4 * 60;

/// The code and the sentence of a refusal; the sentence is nothing where there is none, and the error itself has to tell.
pub(crate) fn told(code: Option<&str>, message: Option<&str>, answer: &HttpResponse) -> (String, Option<String>) {
    if let Some(code) = code {
        return (code.to_owned(), message.map(|message| without_request(message).to_owned()));
    }
    if answer.status().as_u16() != 403 {
        return ("Unknown".to_owned(), message.map(str::to_owned));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match ahead(answer, i64::try_from(now).unwrap_or(i64::MAX)) {
        Some(seconds) if seconds.abs() > TOLERANCE => {
            let side = if seconds > 0 { "ahead of" } else { "behind" };
            (OTHER_TIME.to_owned(), Some(format!("this machine's clock is {} s {side} AWS", seconds.abs())))
        }
        _ => ("AccessDenied".to_owned(), Some("Access Denied".to_owned())),
    }
}

/// By how many seconds this machine's clock is ahead of the one that dated the answer.
fn ahead(answer: &HttpResponse, now: i64) -> Option<i64> {
    let date = DateTime::from_str(answer.headers().get("date")?, Format::HttpDate).ok()?;
    Some(now - date.secs())
}

/// AWS's words without the request that it repeats where a signature does not match: the session token is in that.
fn without_request(message: &str) -> &str {
    message.split("The Canonical String for this request").next().unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answer(status: u16, date: Option<i64>) -> HttpResponse {
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        if let Some(ahead) = date {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            let date = DateTime::from_secs(i64::try_from(now).unwrap() + ahead).fmt(Format::HttpDate).unwrap();
            answer.headers_mut().insert("date", date);
        }
        answer
    }

    #[test]
    fn a_wrong_clock_shows_in_the_date_of_an_answer_without_words() {
        for (date, code) in [
            (None, "AccessDenied"),
            (Some(0), "AccessDenied"),
            (Some(-100), "AccessDenied"),
            (Some(960), OTHER_TIME),
            (Some(-960), OTHER_TIME),
        ] {
            assert_eq!(told(None, None, &answer(403, date)).0, code, "{date:?}");
        }
        let words = told(None, None, &answer(403, Some(3600))).1.unwrap();
        assert!(words.contains("behind AWS"), "{words}");
        assert_eq!(told(None, None, &answer(404, Some(3600))), ("Unknown".to_owned(), None));
    }

    #[test]
    fn words_are_taken_as_they_are_but_for_the_request_in_them() {
        let words = "It does not match.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:token'";
        let told = told(Some("SignatureDoesNotMatch"), Some(words), &answer(403, Some(9999)));
        assert_eq!(told, ("SignatureDoesNotMatch".to_owned(), Some("It does not match.".to_owned())));
    }
}
