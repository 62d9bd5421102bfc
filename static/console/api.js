// Reading the API with the session of the page.
import { fill, gettext } from "./words.js";

export class ApiError extends Error {
  constructor(message, { status = 0, requestId = "" } = {}) {
    super(message);
    this.status = status;
    this.requestId = requestId;
  }

  get signedOut() {
    return this.status === 401 || this.status === 403;
  }
}

const PATIENCE_MS = 10_000;

// Return the JSON at `url`; throws ApiError with a cause that a person can act on.
export async function read(url) {
  let response;
  try {
    response = await fetch(url, {
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-By-Itself": "1" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new ApiError(gettext("The server cannot be reached."));
  }
  if (!response.ok) throw await refusal(response);
  try {
    return await response.json();
  } catch {
    throw new ApiError(gettext("The answer was cut short."), { status: response.status });
  }
}

// The error of an answer that is none.
export async function refusal(response) {
  const facts = {
    status: response.status,
    requestId: response.headers.get("X-Request-Id") ?? "",
  };
  const error = new ApiError("", facts);
  if (error.signedOut) {
    error.message = gettext("You are signed out, or may no longer watch the grid.");
    return error;
  }
  const problem = await response.json().catch(() => ({}));
  error.message =
    problem.detail ?? fill(gettext("The server answered %(status)s."), { status: facts.status });
  return error;
}
