/** Sending a workflow to the studio in words. */

const LONGEST = 60; // characters of a name, as the studio has it

/** A name the studio takes, made of what the editor calls the workflow. */
export function nameFrom(title) {
  const name = title.normalize("NFC").replace(/[^\p{L}\p{N}_]+/gu, "-");
  return [...name].slice(0, LONGEST).join("").replace(/^-|-$/g, "");
}

/**
 * What a refusal means: `{state, title, detail, problems, next}`, where `next` is what the person may do
 * about it: give another "name", open the "settings", or "" for neither.
 */
export function refusalWords(t, { code, message, problems = [] }) {
  const refused = { state: "refused", title: "", detail: message, problems, next: "" };
  switch (code) {
    case "faulty_workflow":
      return { ...refused, detail: t("send.faults") };
    case "no_studio":
      return { ...refused, title: t("link.off"), detail: t("link.none"), next: "settings" };
    case "studio_away":
      return { ...refused, state: "away", title: t("link.away") };
    case "studio_refuses":
      return { ...refused, title: t("link.refused"), next: "settings" };
    case "conflict":
    case "invalid_input":
      return { ...refused, next: "name" };
    default:
      return refused;
  }
}
