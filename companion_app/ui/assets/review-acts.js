/** Looking a plan over before it is made: ask for it, and make it as it was changed. */
import { post } from "./api.js";
import { hush, report, say } from "./notice.js";
import { placeholder } from "./placeholder.js";
import { Proposal } from "./review-proposal.js";
import { store } from "./store.js";
import { act, needSession, ready } from "./studio.js";

const PLANNED_ANEW =
  "That plan was not there any more: this is a new one. Your settings are kept; look over the rest.";

/** Ask what would be made and show it; `settings` are those chosen in a review before it. */
export async function plan(request, settings = {}) {
  if (store.busy) return;
  store.setBusy(true);
  const review = { session: null, request, proposal: null };
  store.setReview(review);
  await ready;
  hush();
  try {
    review.session = await needSession();
    const planned = await post("/api/plan", { session_id: review.session, ...request });
    if (store.review !== review) return;
    store.setReview({ ...review, proposal: new Proposal(request, planned, settings) });
  } catch (error) {
    if (store.review === review) store.setReview(null);
    report(error);
  } finally {
    store.setBusy(false);
  }
}

/** Make what was reviewed, as it was changed. A plan that is gone is made anew for another look. */
export async function accept() {
  const { review } = store;
  const { session, request, proposal } = review;
  let gone = false;
  store.setReview(null);
  const send = () =>
    post("/api/generate/batch", { session_id: session, ...request, ...proposal.changes });
  const refused = (error) => {
    gone = error.status === 404;
    store.setReview(review);
    if (!gone) report(error);
  };
  await act(placeholder(proposal.count, request.aspect_ratio, 0), send, refused);
  if (!gone) return;
  await plan(request, proposal.settings);
  if (store.review?.proposal) say(PLANNED_ANEW);
}
