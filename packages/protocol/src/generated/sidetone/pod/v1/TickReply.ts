// Original file: packages/protocol/src/pod.proto

import type { CallMessage as _sidetone_pod_v1_CallMessage, CallMessage__Output as _sidetone_pod_v1_CallMessage__Output } from '../../../sidetone/pod/v1/CallMessage.ts';
import type { Long } from '@grpc/proto-loader';

export interface TickReply {
  'tick'?: (number | string | Long);
  'call'?: (number)[];
  'hop'?: (number)[];
  'decision'?: (Buffer | Uint8Array | string);
  'scores'?: (Buffer | Uint8Array | string);
  'epoch'?: (number)[];
  'audio_bytes'?: (number)[];
  'audio'?: (Buffer | Uint8Array | string);
  'gain_db'?: (number | string)[];
  'outputs'?: (_sidetone_pod_v1_CallMessage)[];
  'conditioning'?: (Buffer | Uint8Array | string);
}

export interface TickReply__Output {
  'tick': (number);
  'call': (number)[];
  'hop': (number)[];
  'decision': (Buffer);
  'scores': (Buffer);
  'epoch': (number)[];
  'audio_bytes': (number)[];
  'audio': (Buffer);
  'gain_db': (number)[];
  'outputs': (_sidetone_pod_v1_CallMessage__Output)[];
  'conditioning': (Buffer);
}
