/* The JSON API, with its errors as sentences. */

export class ApiError extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.hint = error.hint;
    this.data = error.data || {};
    this.requestId = error.request_id;
  }
}

const QUERY_ERRORS = new Set(["invalid_query", "query_too_complex"]);

/** Whether what was typed is at fault; also for errors of the live tail. */
export const isQueryError = (error) => QUERY_ERRORS.has(error.code);

const UNREACHABLE = {
  code: "unreachable",
  message: "The server does not answer.",
  hint: "Check your connection; the server may also be starting again. What you see stays until then.",
};
const UNREADABLE = {
  code: "unreadable",
  message: "The server gave an answer this page cannot read.",
  hint: "Load the page again; if it stays, tell your administrator.",
};

async function readError(response) {
  try {
    return (await response.json()).error || UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, UNREACHABLE);
  }
  if (!response.ok) throw new ApiError(response.status, await readError(response));
  return response.status === 204 ? null : response.json();
}

/** The address of `path` under /api/v1; empty parameters are left out. */
export function addressOf(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value != null);
  return `/api/v1/${path}?${new URLSearchParams(given)}`;
}

/** GET `path` under /api/v1. Throws ApiError, or AbortError. */
export const get = (path, parameters, signal) => ask(addressOf(path, parameters), { signal });

/** POST, PATCH or DELETE `path` under /api/v1 in the name of who is signed in. Throws ApiError. */
export function send(method, path, content) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token };
  return ask(`/api/v1/${path}`, { method, headers, body: content && JSON.stringify(content) });
}
