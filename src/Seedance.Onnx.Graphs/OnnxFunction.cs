using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs;

/// <summary>An operator made of operators, local to its model.</summary>
public sealed class OnnxFunction
{
    private readonly FunctionProto _message;

    /// <summary>Takes a message without nodes and attributes, and those.</summary>
    internal OnnxFunction(FunctionProto message, List<OnnxNode> nodes, List<OnnxAttribute> defaults, OpsetImports opsets)
    {
        _message = message;
        Nodes = nodes;
        Defaults = defaults;
        Opsets = opsets;
    }

    /// <summary>The domain of nodes that call it.</summary>
    public string Domain => _message.Domain;

    /// <summary>The operator type of nodes that call it.</summary>
    public string Name => _message.Name;

    /// <summary>Which of several functions of the same name this is; empty when there is one.</summary>
    public string Overload => _message.Overload;

    /// <summary>The names of its inputs.</summary>
    public IReadOnlyList<string> Inputs => _message.Input;

    /// <summary>The names of its outputs.</summary>
    public IReadOnlyList<string> Outputs => _message.Output;

    /// <summary>The attributes that a call must give.</summary>
    public IReadOnlyList<string> AttributeNames => _message.Attribute;

    /// <summary>The attributes that a call may leave out, with their values then.</summary>
    public IReadOnlyList<OnnxAttribute> Defaults { get; }

    /// <summary>Its nodes.</summary>
    public IList<OnnxNode> Nodes { get; }

    /// <summary>The operator sets its nodes are from.</summary>
    public OpsetImports Opsets { get; }

    internal FunctionProto Message => _message;

    /// <summary>Copies the function and its nodes.</summary>
    internal OnnxFunction Copy() => new(_message.Clone(), [.. Nodes.Select(node => node.Copy())], [.. Defaults], Opsets.Copy());
}
