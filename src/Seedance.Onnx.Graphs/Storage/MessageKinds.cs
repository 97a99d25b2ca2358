using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Storage;

internal static class MessageKinds
{
    /// <summary>What a field of a message holds.</summary>
    public static MessageKind Child(this MessageKind kind, int field) => (kind, field) switch
    {
        (MessageKind.Model, ModelProto.GraphFieldNumber) => MessageKind.Graph,
        (MessageKind.Model, ModelProto.FunctionsFieldNumber) => MessageKind.Function,
        (MessageKind.Graph, GraphProto.NodeFieldNumber) => MessageKind.Node,
        (MessageKind.Graph, GraphProto.InitializerFieldNumber) => MessageKind.Tensor,
        (MessageKind.Function, FunctionProto.NodeFieldNumber) => MessageKind.Node,
        (MessageKind.Function, FunctionProto.AttributeProtoFieldNumber) => MessageKind.Attribute,
        (MessageKind.Node, NodeProto.AttributeFieldNumber) => MessageKind.Attribute,
        (MessageKind.Attribute, AttributeProto.TFieldNumber or AttributeProto.TensorsFieldNumber) => MessageKind.Tensor,
        (MessageKind.Attribute, AttributeProto.GFieldNumber or AttributeProto.GraphsFieldNumber) => MessageKind.Graph,
        _ => MessageKind.Other,
    };
}
