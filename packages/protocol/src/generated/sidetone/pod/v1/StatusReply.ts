// Original file: packages/protocol/src/pod.proto


export interface StatusReply {
  'pod_id'?: (string);
  'ready'?: (boolean);
  'capacity_calls'?: (number);
  'open_calls'?: (number);
  'model'?: (string);
  'model_hash'?: (string);
  'tick_p99_ms'?: (number | string);
  'draining'?: (boolean);
}

export interface StatusReply__Output {
  'pod_id': (string);
  'ready': (boolean);
  'capacity_calls': (number);
  'open_calls': (number);
  'model': (string);
  'model_hash': (string);
  'tick_p99_ms': (number);
  'draining': (boolean);
}
