namespace Seedance.Onnx.Graphs.Storage;

/// <summary>The messages on the way from a model to its tensors, by which reader and writer find the values without reading them.</summary>
internal enum MessageKind
{
    Other,
    Model,
    Graph,
    Function,
    Node,
    Attribute,
    Tensor,
}
