import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CallMessage as _sidetone_pod_v1_CallMessage, CallMessage__Output as _sidetone_pod_v1_CallMessage__Output } from './sidetone/pod/v1/CallMessage.ts';
import type { PodClient as _sidetone_pod_v1_PodClient, PodDefinition as _sidetone_pod_v1_PodDefinition } from './sidetone/pod/v1/Pod.ts';
import type { StatusReply as _sidetone_pod_v1_StatusReply, StatusReply__Output as _sidetone_pod_v1_StatusReply__Output } from './sidetone/pod/v1/StatusReply.ts';
import type { StatusRequest as _sidetone_pod_v1_StatusRequest, StatusRequest__Output as _sidetone_pod_v1_StatusRequest__Output } from './sidetone/pod/v1/StatusRequest.ts';
import type { TickReply as _sidetone_pod_v1_TickReply, TickReply__Output as _sidetone_pod_v1_TickReply__Output } from './sidetone/pod/v1/TickReply.ts';
import type { TickRequest as _sidetone_pod_v1_TickRequest, TickRequest__Output as _sidetone_pod_v1_TickRequest__Output } from './sidetone/pod/v1/TickRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  sidetone: {
    pod: {
      v1: {
        CallMessage: MessageTypeDefinition<_sidetone_pod_v1_CallMessage, _sidetone_pod_v1_CallMessage__Output>
        Pod: SubtypeConstructor<typeof grpc.Client, _sidetone_pod_v1_PodClient> & { service: _sidetone_pod_v1_PodDefinition }
        StatusReply: MessageTypeDefinition<_sidetone_pod_v1_StatusReply, _sidetone_pod_v1_StatusReply__Output>
        StatusRequest: MessageTypeDefinition<_sidetone_pod_v1_StatusRequest, _sidetone_pod_v1_StatusRequest__Output>
        TickReply: MessageTypeDefinition<_sidetone_pod_v1_TickReply, _sidetone_pod_v1_TickReply__Output>
        TickRequest: MessageTypeDefinition<_sidetone_pod_v1_TickRequest, _sidetone_pod_v1_TickRequest__Output>
      }
    }
  }
}

