// Original file: packages/protocol/src/pod.proto

import type { CallMessage as _sidetone_pod_v1_CallMessage, CallMessage__Output as _sidetone_pod_v1_CallMessage__Output } from '../../../sidetone/pod/v1/CallMessage.ts';
import type { Long } from '@grpc/proto-loader';

export interface TickRequest {
  'tick'?: (number | string | Long);
  'call'?: (number)[];
  'hop'?: (number)[];
  'caller_audio'?: (Buffer | Uint8Array | string);
  'agent_audio'?: (Buffer | Uint8Array | string);
  'heard_epoch'?: (number)[];
  'heard_samples'?: (number)[];
  'concealed_samples'?: (number)[];
  'inputs'?: (_sidetone_pod_v1_CallMessage)[];
}

export interface TickRequest__Output {
  'tick': (number);
  'call': (number)[];
  'hop': (number)[];
  'caller_audio': (Buffer);
  'agent_audio': (Buffer);
  'heard_epoch': (number)[];
  'heard_samples': (number)[];
  'concealed_samples': (number)[];
  'inputs': (_sidetone_pod_v1_CallMessage__Output)[];
}
