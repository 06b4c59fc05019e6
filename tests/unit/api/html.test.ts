import { expect, test } from 'vitest';
import { html } from '#apps/api/html.ts';

test('what comes from outside can not be markup, in text or in an attribute', () => {
  const name = `"><script>alert('x')</script>&`;
  expect(html`<p title="${name}">${[name]}</p>`.markup).toBe(
    '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</p>',
  );
});

test('markup within markup stays, nothing is left of nothing, and zero is zero', () => {
  expect(html`${html`<b>${0}</b>`}${null}${undefined}${false}${''}`.markup).toBe('<b>0</b>');
});
