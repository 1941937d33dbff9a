/** Our texts in the editor's language; a language we do not have is answered in English. */

const DEFAULT_LANGUAGE = "en";

/**
 * Return `t(key, values)`, which says `locales/<language>/main.json`'s `vibes.<key>`.
 *
 * `messages` is what ComfyUI serves as `/i18n`: `{language: {vibes: {…}}}`; `language()` is asked at
 * every call, because the editor may change it. `{name}` stands for a value; a text in several forms
 * (`{"one", "other"}`) is chosen by `values.count`. An unknown key is said as it is.
 */
export function textsFrom(messages, language) {
  return (key, values = {}) => {
    for (const name of candidates(language())) {
      const text = lookUp(messages[name]?.vibes, key);
      if (text !== undefined) return fill(inForm(text, name, values.count), values);
    }
    return key;
  };
}

/** "zh-TW" -> "zh-TW", "zh", "en". */
function candidates(language) {
  return [language, language.split("-")[0], DEFAULT_LANGUAGE];
}

function lookUp(texts, key) {
  return key.split(".").reduce((part, name) => part?.[name], texts);
}

function inForm(text, language, count) {
  if (typeof text === "string") return text;
  return text[new Intl.PluralRules(language).select(count)] ?? text.other;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
