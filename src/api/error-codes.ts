/**
 * Every error a caller can get: the closed list. A code is never renamed; its heading in docs/errors.md is generated from
 * this table. `meaning` and `cure` are for readers of the docs, `title` for the answer.
 */
export const ERRORS = {
  malformed_json: {
    status: 400,
    title: 'Malformed JSON',
    meaning: 'The request body is not valid JSON (RFC 8259).',
    cure: 'Send one JSON value. The detail names the first thing that could not be read.',
  },
  invalid_encoding: {
    status: 400,
    title: 'Invalid encoding',
    meaning:
      'The request is not valid HTTP, such as one without a valid Host header; its body or URL is not valid UTF-8; or its body does not match its Content-Encoding.',
    cure: 'Encode text as UTF-8, percent-encode it in URLs, and compress with gzip, deflate or br as declared. The detail says which part is not valid.',
  },
  multiple_credentials: {
    status: 400,
    title: 'Multiple credentials',
    meaning: 'The request has more than one Authorization header.',
    cure: 'Send exactly one header: Authorization: Bearer <key>.',
  },
  missing_api_key: {
    status: 401,
    title: 'Missing API key',
    meaning: 'The request has no API key.',
    cure: 'Send the header Authorization: Bearer <key>. Keys are never read from the URL or a cookie.',
  },
  invalid_api_key: {
    status: 401,
    title: 'Invalid API key',
    meaning: 'The key is malformed, mistyped, or unknown to this server.',
    cure: 'Check that you copied the whole key (56 characters) and that it was created on this server.',
  },
  api_key_expired: {
    status: 401,
    title: 'API key expired',
    meaning: 'The key reached its expires_at, or the grace period of its old secret ended after a rotation.',
    cure: 'Use the new secret if the key was rotated, else create a new key. To keep a key, extend expires_at before it expires.',
  },
  api_key_revoked: {
    status: 401,
    title: 'API key revoked',
    meaning: 'The key was revoked, or its secret was replaced by a rotation.',
    cure: 'Use the new secret if the key was rotated, else create a new key. The audit log shows who did it.',
  },
  api_key_disabled: {
    status: 401,
    title: 'API key disabled',
    meaning: 'The key is disabled, or its project was deleted.',
    cure: 'Enable the key again, restore the project, or use another key.',
  },
  invalid_signature: {
    status: 401,
    title: 'Invalid signature',
    meaning: 'The report of leaked keys is not signed by the service it claims to come from.',
    cure: 'If you are that service, sign the body exactly as sent. Offline, check APPFLOW_GITHUB_SCANNING_KEYS_FILE.',
  },
  not_signed_in: {
    status: 401,
    title: 'Not signed in',
    meaning: 'The request has no session, or its session has expired or was signed out.',
    cure: 'Sign in again. API keys are not accepted under /app/v1: use the same path under /v1.',
  },
  invalid_credentials: {
    status: 401,
    title: 'Invalid credentials',
    meaning: 'The email address, password or code is wrong.',
    cure: 'Try again. If the password is lost, ask the person who runs this server for a reset link: bin/appflow members reset-link EMAIL, with --without-second-factor if the second factor is lost too.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Insufficient scope',
    meaning: 'The key is valid, but its type or scopes do not allow this request.',
    cure: 'Use a key with the scope listed under required. Client keys can only write events; read-only keys can only read.',
  },
  app_not_allowed: {
    status: 403,
    title: 'App not allowed',
    meaning: 'The key is restricted to some apps of its project, and this is not one of them.',
    cure: 'Use a key without app_ids, or one that lists this app.',
  },
  ip_not_allowed: {
    status: 403,
    title: 'IP address not allowed',
    meaning: 'The key can only be used from the addresses on its ip_allowlist.',
    cure: 'Send the request from an allowed address. Behind a proxy, set TRUSTED_PROXIES so that the server sees the real one.',
  },
  origin_not_allowed: {
    status: 403,
    title: 'Origin not allowed',
    meaning: 'A browser sent this read-only key from an origin that is not on its allowed_origins.',
    cure: 'Add the origin to the key, or call from a backend. Only analytics can be read from a browser.',
  },
  sdk_not_allowed: {
    status: 403,
    title: 'SDK not allowed',
    meaning: 'The key is restricted to the SDKs on its allowed_sdks, and this request is from another one.',
    cure: "Add the SDK to the key's `allowed_sdks`, or use a key without this restriction.",
  },
  secret_key_in_browser: {
    status: 403,
    title: 'Secret key in a browser',
    meaning:
      'A server key arrived with an Origin header: it is being used from a web page that anyone can read.',
    cure: 'Use a client key (ck_) in browsers and apps. Rotate this key now: everyone who opened the page could read it.',
  },
  csrf_rejected: {
    status: 403,
    title: 'Cross-site request rejected',
    meaning:
      "The request did not come from the dashboard's own page: its Origin is different, or the token is missing.",
    cure: 'Send X-Appflow-CSRF with the csrf_token of GET /app/v1/session. Behind a proxy, set APPFLOW_PUBLIC_URL.',
  },
  step_up_required: {
    status: 403,
    title: 'Step-up required',
    meaning: 'This action needs your password, entered within the last 10 minutes.',
    cure: 'POST /app/v1/step-up with the password (and a code if two-factor authentication is on), then send the request again.',
  },
  tls_required: {
    status: 403,
    title: 'TLS required',
    meaning:
      'The dashboard was reached over plain HTTP from another machine: passwords would be sent unencrypted.',
    cure: 'Put a proxy with TLS in front and set APPFLOW_PUBLIC_URL to its https address, or APPFLOW_ALLOW_HTTP=1.',
  },
  exceeds_own_permissions: {
    status: 403,
    title: 'Exceeds own permissions',
    meaning:
      'A key can only create and change keys within its own scopes, apps, expiry, addresses and limits.',
    cure: 'Request less (the detail names what is too much), or use a key that has these permissions.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'The path or the resource does not exist, or it belongs to another project.',
    cure: 'Check the path and the ID. IDs of other projects look exactly like IDs that do not exist.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not for this method.',
    cure: 'Use one of the methods in the Allow header.',
  },
  request_too_slow: {
    status: 408,
    title: 'Request too slow',
    meaning:
      'The body arrived too slowly: less than 15 KB in 15 seconds, or too slowly to be complete in 60.',
    cure: 'Send it again, in smaller requests if the connection is slow: bodies up to 64 KB have 60 seconds.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    meaning: 'The request conflicts with the current state of the resource.',
    cure: 'Read the resource again, then retry with its current state. The detail names the conflict.',
  },
  limit_reached: {
    status: 409,
    title: 'Limit reached',
    meaning: 'The project or the account has as many of these as it can have. The detail names the limit.',
    cure: 'Revoke or delete what is no longer used, then try again.',
  },
  rotation_in_progress: {
    status: 409,
    title: 'Rotation in progress',
    meaning: 'The key was rotated and its old secret still works. A key has at most two working secrets.',
    cure: 'Wait until the grace period ends, end it (POST …/end-grace), or send force to replace a secret now.',
  },
  no_grace_running: {
    status: 409,
    title: 'No grace period',
    meaning: 'The key has only one secret, so there is no old one to expire.',
    cure: 'Nothing to do. The record lists the working secrets under secrets.',
  },
  not_restorable: {
    status: 409,
    title: 'Not restorable',
    meaning:
      'The key is not revoked, was revoked more than 60 minutes ago, was revoked because it leaked, or lost its secrets when the secret of the installation was reset.',
    cure: 'Create another key.',
  },
  idempotency_replay_expired: {
    status: 409,
    title: 'Idempotency replay expired',
    meaning: 'A request with this Idempotency-Key already succeeded, and its secret can no longer be shown.',
    cure: 'The key under key_id exists. If its secret was lost, rotate it, with a new Idempotency-Key.',
  },
  precondition_failed: {
    status: 412,
    title: 'Precondition failed',
    meaning: 'The resource changed since you read it (If-Match).',
    cure: 'Read it again and repeat your change.',
  },
  payload_too_large: {
    status: 413,
    title: 'Payload too large',
    meaning:
      "The body is larger than this endpoint takes: 5 MB after decompression and 1,000 events for batches (2,000 from other vendors' SDKs).",
    cure: 'Halve the batch. Waiting does not help.',
  },
  headers_too_large: {
    status: 431,
    title: 'Headers too large',
    meaning: 'The headers of the request are larger than 16 KB together, the URL included.',
    cure: 'Send fewer or shorter headers, such as cookies of other services on the same host.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The body is not application/json, or its compression is not supported.',
    cure: 'Send Content-Type: application/json, and gzip, deflate, br or no Content-Encoding.',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    meaning: 'The request is well-formed, but some of its fields are invalid.',
    cure: 'Correct the fields listed under errors. All of them are listed together.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency key reused',
    meaning: 'The same Idempotency-Key was used with another body within 24 hours.',
    cure: 'Use a new Idempotency-Key for a new request, or send the original body to get the original answer.',
  },
  app_required: {
    status: 422,
    title: 'App required',
    meaning: 'The project has several apps (or none), so the request must name one.',
    cure: 'Send app_id. GET /v1/apps lists the apps; POST /v1/apps creates one.',
  },
  query_too_large: {
    status: 422,
    title: 'Query too large',
    meaning: 'The query needs more memory than one query may use on this server.',
    cure: 'Use a shorter range, add filters, or group by something with fewer values. The operator can raise APPFLOW_QUERY_MEMORY.',
  },
  rate_limited: {
    status: 429,
    title: 'Rate limited',
    meaning: 'The key made more requests (or sent more events) than its limit allows.',
    cure: 'Wait as long as Retry-After says, and double the wait on each further 429, up to 60 seconds.',
  },
  too_many_failed_authentications: {
    status: 429,
    title: 'Too many failed authentications',
    meaning: 'This address sent many unknown keys.',
    cure: 'Wait as long as Retry-After says and check the key. Valid keys are never blocked.',
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    meaning: 'The server is busy and refused the request before doing anything.',
    cure: 'Send it again after Retry-After seconds.',
  },
  storage_unavailable: {
    status: 503,
    title: 'Storage unavailable',
    meaning: 'A database did not answer. Events may or may not be stored.',
    cure: 'Send the same request again, events with the same event_id: nothing is counted twice.',
  },
  disk_nearly_full: {
    status: 503,
    title: 'Disk nearly full',
    meaning: "The server's disk is nearly full, so it stores no events. None from this request were stored.",
    cure: 'Send the same events again after Retry-After seconds. The operator has to free up disk space.',
  },
  revocation_not_stored: {
    status: 503,
    title: 'Revocation not stored',
    meaning:
      'This server refuses the key from now on, but could not store that yet, because the control database cannot be written.',
    cure: 'Send the request again until it succeeds: a restart of the server would accept the key again, and other servers may still do so.',
  },
  query_timeout: {
    status: 503,
    title: 'Query timeout',
    meaning: 'The query took longer than its time limit.',
    cure: 'Use a shorter range or fewer filters, or try again when the server is less busy.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    meaning: 'Unexpected server error.',
    cure: 'Try again. If it keeps happening, look up the request_id in the log of the server.',
  },
} as const satisfies Record<string, { status: number; title: string; meaning: string; cure: string }>;

/** The code of an error. */
export type ErrorCode = keyof typeof ERRORS;
