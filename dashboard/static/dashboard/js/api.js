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

/** GET `path` under /api/v1; empty parameters are left out. Throws ApiError, or AbortError. */
export async function get(path, parameters, signal) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value != null);
  const url = `/api/v1/${path}?${new URLSearchParams(given)}`;
  let response;
  try {
    response = await fetch(url, { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, UNREACHABLE);
  }
  if (!response.ok) throw new ApiError(response.status, await readError(response));
  return response.json();
}
