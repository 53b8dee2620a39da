import { html } from "../report/html.js";
import { CONTENT_SECURITY_POLICY } from "./policy.js";

/** The studio's HTML page, which the build writes. Its addresses are relative, so that it may lie in any folder of a server. */
export const INDEX_PAGE = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">
<title>Studio – timbrel</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="dist/studio/studio.css">
<script type="module" src="dist/studio/studio.js"></script>
</head>
<body>
<div id="studio"><noscript>The studio needs JavaScript: it computes everything in this page.</noscript></div>
</body>
</html>
`.toString();
