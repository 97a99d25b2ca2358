using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs;

/// <summary>One operator of a graph, or one call of a function. Not safe for use by several threads at once while it changes.</summary>
public sealed class OnnxNode
{
    private readonly NodeProto _message;
    private readonly List<OnnxAttribute> _attributes;

    /// <summary>Makes a node.</summary>
    /// <param name="opType">The operator, for example "MatMul".</param>
    /// <param name="inputs">The names of the values it reads; an empty name leaves an optional input out.</param>
    /// <param name="outputs">The names of the values it makes; an empty name leaves an optional output out.</param>
    /// <param name="name">Its own name. Empty if not specified.</param>
    /// <param name="domain">The operator's domain. If not specified, ONNX's own.</param>
    /// <param name="attributes">What it is configured with.</param>
    public OnnxNode(string opType, IEnumerable<string> inputs, IEnumerable<string> outputs, string name = "", string domain = "", params ReadOnlySpan<OnnxAttribute> attributes)
        : this(new NodeProto(), [])
    {
        OpType = opType;
        _message.Input.Add(inputs);
        _message.Output.Add(outputs);
        if (name.Length > 0)
        {
            Name = name;
        }

        if (domain.Length > 0)
        {
            Domain = domain;
        }

        _attributes.AddRange(attributes);
    }

    /// <summary>Takes a message without attributes, and those.</summary>
    internal OnnxNode(NodeProto message, List<OnnxAttribute> attributes)
    {
        _message = message;
        _attributes = attributes;
    }

    /// <summary>The node's own name; may be empty.</summary>
    public string Name
    {
        get => _message.Name;
        set => _message.Name = value;
    }

    /// <summary>The operator, for example "MatMul".</summary>
    public string OpType
    {
        get => _message.OpType;
        set => _message.OpType = value;
    }

    /// <summary>The operator's domain; empty for ONNX's own.</summary>
    public string Domain
    {
        get => _message.Domain;
        set => _message.Domain = value;
    }

    /// <summary>Which of several functions of the same name is called; empty when there is one.</summary>
    public string Overload => _message.Overload;

    /// <summary>The names of the values it reads; an empty one is an optional input that is left out.</summary>
    public IList<string> Inputs => _message.Input;

    /// <summary>The names of the values it makes; an empty one is an optional output that is left out.</summary>
    public IList<string> Outputs => _message.Output;

    /// <summary>What it is configured with, in the file's order.</summary>
    public IReadOnlyList<OnnxAttribute> Attributes => _attributes;

    /// <summary>The bodies of If, Loop and Scan; empty for other operators.</summary>
    public IEnumerable<OnnxGraph> Subgraphs => _attributes.SelectMany(attribute => attribute.Graphs);

    internal NodeProto Message => _message;

    /// <summary>The input at a position.</summary>
    /// <param name="index">The position, from 0.</param>
    /// <returns>The value's name; empty when the input is left out.</returns>
    public string Input(int index) => index < Inputs.Count ? Inputs[index] : "";

    /// <summary>The attribute of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The attribute; null when the node has none of the name.</returns>
    public OnnxAttribute? Find(string name) => _attributes.Find(attribute => attribute.Name == name);

    /// <summary>An integer attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="missing">What holds when the node does not say.</param>
    /// <returns>The value.</returns>
    public long Int(string name, long missing) => Find(name)?.Int ?? missing;

    /// <summary>A number attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="missing">What holds when the node does not say.</param>
    /// <returns>The value.</returns>
    public float Float(string name, float missing) => Find(name)?.Float ?? missing;

    /// <summary>A text attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="missing">What holds when the node does not say.</param>
    /// <returns>The value.</returns>
    public string Text(string name, string missing) => Find(name)?.Text ?? missing;

    /// <summary>An attribute of integers.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The values; null when the node does not say.</returns>
    public IReadOnlyList<long>? Ints(string name) => Find(name)?.Ints;

    /// <summary>Adds an attribute, in the place of the one that has its name.</summary>
    /// <param name="attribute">The attribute.</param>
    public void Set(OnnxAttribute attribute)
    {
        ArgumentNullException.ThrowIfNull(attribute);
        int index = _attributes.FindIndex(other => other.Name == attribute.Name);
        if (index < 0)
        {
            _attributes.Add(attribute);
        }
        else
        {
            _attributes[index] = attribute;
        }
    }

    /// <summary>Removes an attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string name) => _attributes.RemoveAll(attribute => attribute.Name == name) > 0;

    /// <summary>Copies the node and the graphs in it; tensors are shared, for they never change.</summary>
    /// <returns>The copy.</returns>
    public OnnxNode Copy() => new(_message.Clone(), [.. _attributes.Select(attribute => attribute.Copy())]);

    /// <summary>Operator, name and outputs: "MatMul '/blocks.0/q_proj/MatMul' -> q".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{OpType} '{Name}' -> {string.Join(", ", Outputs)}";
}
