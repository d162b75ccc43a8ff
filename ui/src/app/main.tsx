// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';

const host = document.getElementById('app');
if (host) render(<main><h1>Spandrel</h1></main>, host);
