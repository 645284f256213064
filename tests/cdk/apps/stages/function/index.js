exports.handler = async () => ({ stage: process.env.STAGE, queue: process.env.QUEUE_URL });
