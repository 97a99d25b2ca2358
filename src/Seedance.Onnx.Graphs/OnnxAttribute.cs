using System.Collections.Immutable;
using System.Text;
using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs;

/// <summary>A named value that a node is configured with. Immutable, but for the graphs it may hold.</summary>
public sealed class OnnxAttribute
{
    /// <summary>Takes a message without tensors and graphs, and those.</summary>
    internal OnnxAttribute(AttributeProto message, ImmutableArray<OnnxTensor> tensors, ImmutableArray<OnnxGraph> graphs)
    {
        Message = message;
        Tensors = tensors;
        Graphs = graphs;
    }

    private OnnxAttribute(string name, OnnxAttributeKind kind)
        : this(new AttributeProto { Name = name, Type = (AttributeProto.Types.AttributeType)kind }, [], [])
    {
    }

    /// <summary>Its name.</summary>
    public string Name => Message.Name;

    /// <summary>What it holds.</summary>
    public OnnxAttributeKind Kind => (OnnxAttributeKind)Message.Type;

    /// <summary>Inside a function: the function's attribute that gives the value; empty when the value is here.</summary>
    public string Reference => Message.RefAttrName;

    /// <summary>The tensors it holds; empty when it holds none.</summary>
    public ImmutableArray<OnnxTensor> Tensors { get; }

    /// <summary>The graphs it holds, the bodies of If, Loop and Scan; empty when it holds none.</summary>
    public ImmutableArray<OnnxGraph> Graphs { get; }

    /// <summary>The integer of an <see cref="OnnxAttributeKind.Int"/>; 0 for other kinds.</summary>
    public long Int => Message.I;

    /// <summary>The number of a <see cref="OnnxAttributeKind.Float"/>; 0 for other kinds.</summary>
    public float Float => Message.F;

    /// <summary>The text of a <see cref="OnnxAttributeKind.Text"/>; empty for other kinds.</summary>
    public string Text => Message.S.ToString(Encoding.UTF8);

    /// <summary>The integers of <see cref="OnnxAttributeKind.Ints"/>; empty for other kinds.</summary>
    public IReadOnlyList<long> Ints => Message.Ints;

    /// <summary>The numbers of <see cref="OnnxAttributeKind.Floats"/>; empty for other kinds.</summary>
    public IReadOnlyList<float> Floats => Message.Floats;

    /// <summary>The texts of <see cref="OnnxAttributeKind.Texts"/>; empty for other kinds.</summary>
    public IReadOnlyList<string> Texts => [.. Message.Strings.Select(text => text.ToString(Encoding.UTF8))];

    /// <summary>Everything but tensors and graphs.</summary>
    internal AttributeProto Message { get; }

    /// <summary>Makes an attribute with one integer.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>The attribute.</returns>
    public static OnnxAttribute Create(string name, long value) => new(name, OnnxAttributeKind.Int) { Message = { I = value } };

    /// <summary>Makes an attribute with one number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>The attribute.</returns>
    public static OnnxAttribute Create(string name, float value) => new(name, OnnxAttributeKind.Float) { Message = { F = value } };

    /// <summary>Makes an attribute with one text.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>The attribute.</returns>
    public static OnnxAttribute Create(string name, string value) => new(name, OnnxAttributeKind.Text) { Message = { S = ByteString.CopyFromUtf8(value) } };

    /// <summary>Makes an attribute with integers.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its values.</param>
    /// <returns>The attribute.</returns>
    public static OnnxAttribute Create(string name, IEnumerable<long> values)
    {
        OnnxAttribute attribute = new(name, OnnxAttributeKind.Ints);
        attribute.Message.Ints.Add(values);
        return attribute;
    }

    /// <summary>Makes an attribute with numbers.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its values.</param>
    /// <returns>The attribute.</returns>
    public static OnnxAttribute Create(string name, IEnumerable<float> values)
    {
        OnnxAttribute attribute = new(name, OnnxAttributeKind.Floats);
        attribute.Message.Floats.Add(values);
        return attribute;
    }

    /// <summary>Makes an attribute with texts.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its values.</param>
    /// <returns>The attribute.</returns>
    public static OnnxAttribute Create(string name, IEnumerable<string> values)
    {
        OnnxAttribute attribute = new(name, OnnxAttributeKind.Texts);
        attribute.Message.Strings.Add(values.Select(ByteString.CopyFromUtf8));
        return attribute;
    }

    /// <summary>Makes an attribute with a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>The attribute.</returns>
    public static OnnxAttribute Create(string name, OnnxTensor value) =>
        new(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Tensor }, [value], []);

    /// <summary>Makes an attribute with a graph.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value; held as it is, not copied.</param>
    /// <returns>The attribute.</returns>
    public static OnnxAttribute Create(string name, OnnxGraph value) =>
        new(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph }, [], [value]);

    /// <summary>Name and kind: "axis: int".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Name}: {Kind.ToString().ToLowerInvariant()}";

    /// <summary>The same value under another name.</summary>
    internal OnnxAttribute WithName(string name)
    {
        AttributeProto message = Message.Clone();
        message.Name = name;
        return new OnnxAttribute(message, Tensors, Graphs).Copy();
    }

    /// <summary>A copy whose graphs may be changed without changing this one's.</summary>
    internal OnnxAttribute Copy() => Graphs.IsEmpty ? this : new OnnxAttribute(Message, Tensors, [.. Graphs.Select(graph => graph.Copy())]);
}
