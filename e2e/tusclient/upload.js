// Uploads one file with tus-js-client in Node, as a script would: it goes on
// after every failure, for as long as the test lets it.
//
//   node client.cjs ENDPOINT TOKEN FILE NAME
//
// prints the upload's address when the server has all bytes.

import { createReadStream } from "node:fs";
import { Upload } from "tus-js-client";

const [endpoint, token, file, filename] = process.argv.slice(2);

const upload = new Upload(createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename },
  retryDelays: new Array(1000).fill(50),
  onShouldRetry: () => true,
  onError(error) {
    console.error(error.message);
    process.exitCode = 1;
  },
  onSuccess() {
    console.log(upload.url);
  },
});
upload.start();
