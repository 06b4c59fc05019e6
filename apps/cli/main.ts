#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before anything else is loaded: the second command starts twice as quickly.
enableCompileCache();
await import('./run.ts');
