// Original file: packages/protocol/src/pod.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { StatusReply as _sidetone_pod_v1_StatusReply, StatusReply__Output as _sidetone_pod_v1_StatusReply__Output } from '../../../sidetone/pod/v1/StatusReply.ts';
import type { StatusRequest as _sidetone_pod_v1_StatusRequest, StatusRequest__Output as _sidetone_pod_v1_StatusRequest__Output } from '../../../sidetone/pod/v1/StatusRequest.ts';
import type { TickReply as _sidetone_pod_v1_TickReply, TickReply__Output as _sidetone_pod_v1_TickReply__Output } from '../../../sidetone/pod/v1/TickReply.ts';
import type { TickRequest as _sidetone_pod_v1_TickRequest, TickRequest__Output as _sidetone_pod_v1_TickRequest__Output } from '../../../sidetone/pod/v1/TickRequest.ts';

export interface PodClient extends grpc.Client {
  Status(argument: _sidetone_pod_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_sidetone_pod_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _sidetone_pod_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_sidetone_pod_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _sidetone_pod_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_sidetone_pod_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _sidetone_pod_v1_StatusRequest, callback: grpc.requestCallback<_sidetone_pod_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _sidetone_pod_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_sidetone_pod_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _sidetone_pod_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_sidetone_pod_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _sidetone_pod_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_sidetone_pod_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _sidetone_pod_v1_StatusRequest, callback: grpc.requestCallback<_sidetone_pod_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  
  Ticks(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_sidetone_pod_v1_TickRequest, _sidetone_pod_v1_TickReply__Output>;
  Ticks(options?: grpc.CallOptions): grpc.ClientDuplexStream<_sidetone_pod_v1_TickRequest, _sidetone_pod_v1_TickReply__Output>;
  ticks(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_sidetone_pod_v1_TickRequest, _sidetone_pod_v1_TickReply__Output>;
  ticks(options?: grpc.CallOptions): grpc.ClientDuplexStream<_sidetone_pod_v1_TickRequest, _sidetone_pod_v1_TickReply__Output>;
  
}

export interface PodHandlers extends grpc.UntypedServiceImplementation {
  Status: grpc.handleUnaryCall<_sidetone_pod_v1_StatusRequest__Output, _sidetone_pod_v1_StatusReply>;
  
  Ticks: grpc.handleBidiStreamingCall<_sidetone_pod_v1_TickRequest__Output, _sidetone_pod_v1_TickReply>;
  
}

export interface PodDefinition extends grpc.ServiceDefinition {
  Status: MethodDefinition<_sidetone_pod_v1_StatusRequest, _sidetone_pod_v1_StatusReply, _sidetone_pod_v1_StatusRequest__Output, _sidetone_pod_v1_StatusReply__Output>
  Ticks: MethodDefinition<_sidetone_pod_v1_TickRequest, _sidetone_pod_v1_TickReply, _sidetone_pod_v1_TickRequest__Output, _sidetone_pod_v1_TickReply__Output>
}
