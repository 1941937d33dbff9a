/** Our REST, with errors that are sentences. */

/** A refusal or a failure, worded for the person at the screen. */
export class ApiError extends Error {
  constructor(sentence, { status = 0, code = "unreachable", problems } = {}) {
    super(sentence);
    this.status = status;
    this.code = code;
    /** Each reason by itself, where there may be several. */
    this.problems = problems;
  }
}

const UNREACHABLE = "The studio does not answer. Check that it is still running, then try again.";

/** Send one request and return its JSON (null when the reply has none); a file goes as it is. */
export async function request(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body instanceof Blob) {
    options.headers["Content-Type"] = "application/octet-stream";
    options.body = body;
  } else if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = typeof body === "string" ? body : JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError(UNREACHABLE);
  }
  const reply = await response.json().catch(() => null);
  if (!response.ok) throw refusal(response.status, reply);
  return reply;
}

function refusal(status, reply) {
  const detail = typeof reply?.detail === "string" ? reply.detail : null;
  const sentence =
    detail ?? `The studio could not do that (status ${status}). Reload the page and try again.`;
  const { code = "error", problems } = reply ?? {};
  return new ApiError(sentence, { status, code, problems });
}

export const get = (path) => request("GET", path);
export const post = (path, body = {}) => request("POST", path, body);
export const upload = (path, file) => request("POST", path, file);
export const put = (path, body) => request("PUT", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const remove = (path) => request("DELETE", path);
