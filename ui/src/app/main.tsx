// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { startRouter } from '../base/router';
import { startTheme } from '../base/theme';
import '../widgets/controls.css';
import { App } from './app';
import './tokens.css';

startTheme();
startRouter();
const host = document.getElementById('app');
if (host) render(<App />, host);
