// The one door to lit-html. Whatever is put into a template is text there: no title becomes markup.

export { html, nothing, render, svg } from "./vendor/lit-html/lit-html.js";
