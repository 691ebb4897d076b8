/** The page that shows a service's OpenAPI document to a person: static HTML without script. */
import { createHash } from 'node:crypto';
import { ERROR_CODES } from '../../crypto/errors.ts';
import { errorStatus, routeErrors, type ServiceDescription } from './openapi.ts';
import { formatOpenApiPath, type Route } from './route.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid; margin-top: 2rem; }
code, pre { font: 0.9rem/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid; }
dt { font-weight: 600; }
`;

/** The page's Content-Security-Policy: nothing but the one style sheet in it. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replaceAll(/[&<>"']/gu, (character) => ENTITIES[character] as string);

interface Message {
  /** By media type, of which there is one. A message of bytes has no schema. */
  readonly content?: Record<string, { readonly schema?: unknown }>;
}

interface Operation {
  readonly requestBody?: Message;
  readonly responses: Record<string, Message>;
}

function messageBlock(title: string, message: Message | undefined): string {
  const [type, described] = Object.entries(message?.content ?? {})[0] ?? [];
  if (type === undefined) return '';
  if (described?.schema === undefined) return `<p>${title}: <code>${escape(type)}</code></p>`;
  const summary = type === 'application/json' ? title : `${title}: <code>${escape(type)}</code>`;
  return `<details><summary>${summary}</summary><pre tabindex="0">${escape(JSON.stringify(described.schema, null, 2))}</pre></details>`;
}

function routeSection(route: Route, operation: Operation): string {
  const errors = routeErrors(route).map(
    (code) => `<dt><code>${code}</code> (${errorStatus(route, code)})</dt><dd>${escape(ERROR_CODES[code].title)}</dd>`,
  );
  return `<section>
<h2><code>${route.method.toUpperCase()} ${escape(route.path)}</code></h2>
<p><strong>${escape(route.summary)}.</strong> ${escape(route.description)}</p>
${messageBlock('Request', operation.requestBody)}
${messageBlock('Reply', operation.responses['200'])}
<details><summary>Errors</summary><dl>${errors.join('')}</dl></details>
</section>`;
}

/** The page. */
export function renderDocs(
  service: ServiceDescription,
  routes: readonly Route[],
  openApi: Record<string, unknown>,
): string {
  const paths = openApi['paths'] as Record<string, Record<string, Operation>>;
  const sections = routes.map((route) =>
    routeSection(route, paths[formatOpenApiPath(route.path)]?.[route.method] as Operation),
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(service.title)}</title><style>${STYLE}</style></head>
<body><main>
<h1>${escape(service.title)} <small>${escape(service.version)}</small></h1>
<p>${escape(service.description)}</p>
<p>Binary is base64url without padding. Errors are problem documents (RFC 9457) with a stable <code>code</code>. The same as data: <a href="/openapi.json">openapi.json</a>.</p>
${sections.join('\n')}
</main></body>
</html>`;
}
