// Answers CloudFormation itself, by the URL that comes with each request.
const http = require('http');
const https = require('https');

exports.handler = (event) => {
  const answer = JSON.stringify({
    Status: 'SUCCESS',
    PhysicalResourceId: event.PhysicalResourceId ?? 'shout',
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    Data: { Loud: event.ResourceProperties.Text.toUpperCase() },
  });
  const url = new URL(event.ResponseURL);
  const headers = { 'Content-Type': '', 'Content-Length': Buffer.byteLength(answer) };
  return new Promise((resolve, reject) => {
    const client = url.protocol === 'http:' ? http : https;
    const request = client.request(url, { method: 'PUT', headers }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', reject);
    request.end(answer);
  });
};
