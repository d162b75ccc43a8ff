// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getStatus, signedOut, tenant } from '../api/client';
import { loadSession } from '../api/session';
import { type Route, href, navigate, route } from '../base/router';
import { SignIn } from '../features/login/sign_in';
import { SearchPage } from '../features/search/search_page';
import { StartPage } from '../features/start/start_page';
import { TracePage } from '../features/trace/trace_page';
import { Notice } from '../widgets/notice';
import { Lazy } from './lazy';
import { Shell } from './shell';

const loadMap = async () => (await import('../features/map/map_page')).MapPage;
const loadSystem = async () => (await import('../features/system/system_page')).SystemPage;

/** `/`: the instructions when asked for (`?send=1`) or while nothing is stored, the search otherwise. */
function Home() {
  const empty = useSignal(false);
  const asked = route.value.params.has('send');
  useEffect(() => {
    if (asked) return;
    getStatus().then(
      (status) => {
        if (status.storedSpans === '0') empty.value = true;
        else navigate(href(['search']), { replace: true });
      },
      () => navigate(href(['search']), { replace: true }),
    );
  }, [asked]);
  return asked || empty.value ? <StartPage /> : null;
}

function Page({ path }: Pick<Route, 'path'>) {
  const [first, second] = path;
  if (first === undefined) return <Home />;
  if (first === 'search') return <SearchPage />;
  if (first === 'trace' && second) return <TracePage key={second} traceId={second.toLowerCase()} />;
  if (first === 'map') return <Lazy key="map" load={loadMap} />;
  if (first === 'system') return <Lazy key="system" load={loadSystem} />;
  return (
    <Notice title="There is no such page">
      <a href={href(['search'])}>Search traces</a>
    </Notice>
  );
}

export function App() {
  const { path } = route.value;
  useEffect(() => void loadSession().catch(() => undefined), []);
  return (
    <Shell section={path[0] ?? ''}>{signedOut.value ? <SignIn /> : <Page key={tenant.value} path={path} />}</Shell>
  );
}
