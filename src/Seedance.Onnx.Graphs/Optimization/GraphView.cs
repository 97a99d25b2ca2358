using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>
/// A graph while a pass rewrites it: who makes and who reads each value, and what is known of it. A rewriting puts new nodes in the place of the
/// last node of what it found; everything before stays, and goes with the dead code if nothing else needs it.
/// </summary>
internal sealed class GraphView
{
    private readonly Dictionary<string, OnnxNode> _makers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<OnnxNode>> _readers = new(StringComparer.Ordinal);
    private readonly Dictionary<OnnxNode, List<OnnxNode>> _replacements = [];
    private readonly HashSet<string> _outputs;
    private readonly HashSet<string> _inner = new(StringComparer.Ordinal);
    private readonly NameSource _names;

    private readonly CancellationToken _cancellationToken;

    public GraphView(OnnxModel model, OnnxGraph graph, GraphShapes shapes, TargetProfile profile, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        Model = model;
        Graph = graph;
        Shapes = shapes;
        Profile = profile;
        _outputs = [.. graph.Outputs.Select(output => output.Name)];
        _names = new NameSource(model.Graph);
        graph.ReplaceNodes(NodeOrder.Sort(graph.Nodes));
        foreach (OnnxNode node in graph.Nodes)
        {
            Enter(node);
        }
    }

    public OnnxModel Model { get; }

    public OnnxGraph Graph { get; }

    public GraphShapes Shapes { get; }

    public TargetProfile Profile { get; }

    /// <summary>The version of ONNX's own operators.</summary>
    public long Opset => Model.Opsets.Version;

    /// <summary>The nodes before any rewriting, each after those whose values it reads. Those already replaced are left out.</summary>
    public IEnumerable<OnnxNode> Nodes => Graph.Nodes.Where(node => !_replacements.ContainsKey(node));

    /// <summary>The nodes as they are now, one after the other, whatever is rewritten meanwhile; the walk ends where the optimisation is cancelled.</summary>
    public IEnumerable<OnnxNode> EachNode()
    {
        foreach (OnnxNode node in Nodes.ToList())
        {
            _cancellationToken.ThrowIfCancellationRequested();
            yield return node;
        }
    }

    /// <summary>The node that makes a value, if it is of one of some operators of ONNX's own; null otherwise.</summary>
    public OnnxNode? Maker(string value, params ReadOnlySpan<string> operators)
    {
        OnnxNode? node = _makers.GetValueOrDefault(value);
        return node is not null && (operators.IsEmpty || Is(node, operators)) ? node : null;
    }

    /// <summary>The only reader of a value, if it is of one of some operators of ONNX's own; null when there are several, or the graph or an inner graph reads it too.</summary>
    public OnnxNode? OnlyReader(string value, params ReadOnlySpan<string> operators) =>
        !_outputs.Contains(value) && !_inner.Contains(value) && _readers.GetValueOrDefault(value) is [var node] && (operators.IsEmpty || Is(node, operators)) ? node : null;

    /// <summary>The nodes that read a value.</summary>
    public IReadOnlyList<OnnxNode> Readers(string value) => _readers.GetValueOrDefault(value) ?? [];

    /// <summary>Whether the value goes out of the graph.</summary>
    public bool IsOutput(string value) => _outputs.Contains(value);

    /// <summary>Whether the value goes out of the graph, or into an inner graph.</summary>
    public bool IsSeenOutside(string value) => _outputs.Contains(value) || _inner.Contains(value);

    public static bool Is(OnnxNode node, params ReadOnlySpan<string> operators) => OpsetImports.Normalize(node.Domain).Length == 0 && (operators.IsEmpty || operators.Contains(node.OpType));

    /// <summary>An initialiser or Constant of the main graph or this one; null when the value is none.</summary>
    public OnnxTensor? Constant(string value) => Graph.Initializers.Find(value) ?? Model.Graph.Initializers.Find(value)
        ?? (Maker(value, "Constant") is { } node ? NodeEvaluator.ConstantOf(node) : null);

    /// <summary>The one element of a constant with one element; null when the value is none, or the element is not a number.</summary>
    public double? Scalar(string value) => Constant(value) is { ElementCount: 1 } tensor && HostArray.Supports(tensor.ElementType) ? HostArray.From(tensor)!.ToDoubles()[0] : null;

    /// <summary>The axes of a value; null when not even their number is known.</summary>
    public OnnxDimension[]? Shape(string value) => Shapes.Find(value)?.Shape?.ToArray();

    public int? Rank(string value) => Shape(value)?.Length;

    /// <summary>The length of an axis, counted from the end when negative; null when it is not known.</summary>
    public long? Length(string value, int axis) => Shape(value) is { } shape && (axis < 0 ? axis + shape.Length : axis) is var at && at >= 0 && at < shape.Length ? shape[at].Length : null;

    /// <summary>Whether a value is of a type that fused operators take: single or half precision.</summary>
    public bool IsSingleOrHalf(string value) => Shapes.Find(value)?.ElementType is OnnxElementType.Float32 or OnnxElementType.Float16;

    public bool SameShape(string a, string b) => Shape(a) is { } one && Shape(b) is { } other && one.AsSpan().SequenceEqual(other);

    /// <summary>The two inputs of a node in both orders.</summary>
    public static IEnumerable<(string First, string Second)> BothWays(OnnxNode node) => node.Inputs.Count == 2 ? [(node.Inputs[0], node.Inputs[1]), (node.Inputs[1], node.Inputs[0])] : [];

    /// <summary>A name for a new value or node, in the scope of an old one: "/blocks.0/attn/MatMul" and "Attention" give "/blocks.0/attn/Attention".</summary>
    public string NewName(string old, string name) => _names.Next(old.LastIndexOf('/') is var slash and >= 0 ? $"{old[..slash]}/{name}" : name);

    /// <summary>Adds an initialiser.</summary>
    public string AddConstant<T>(string old, string name, ReadOnlySpan<T> values, params ReadOnlySpan<long> dimensions)
        where T : unmanaged
    {
        string full = NewName(old, name);
        Graph.Initializers.Set(OnnxTensor.Create(full, values, dimensions));
        return full;
    }

    /// <summary>Starts the nodes that are to stand in the place of <paramref name="last"/>.</summary>
    public Rewriting Rewrite(OnnxNode last) => new(this, last);

    /// <summary>Makes all readers of a value, inner graphs included, read another one.</summary>
    public void Redirect(string from, string to)
    {
        foreach (OnnxNode reader in Readers(from).ToList())
        {
            Replace(reader.Inputs, from, to);
            (_readers.TryGetValue(to, out List<OnnxNode>? readers) ? readers : _readers[to] = []).Add(reader);
        }

        _readers.Remove(from);
        if (_inner.Remove(from))
        {
            _inner.Add(to);
            foreach (OnnxGraph inner in Graph.Nodes.SelectMany(node => node.Subgraphs))
            {
                RedirectInside(inner, from, to);
            }
        }
    }

    /// <summary>Gives the value that a node makes another name, everywhere.</summary>
    public void RenameOutput(OnnxNode node, string from, string to)
    {
        Replace(node.Outputs, from, to);
        _makers.Remove(from);
        _makers[to] = node;
        Redirect(from, to);
    }

    /// <summary>Puts the new nodes in. The view is not to be used after it.</summary>
    public void Commit() => Graph.ReplaceNodes(Graph.Nodes.SelectMany(node => _replacements.TryGetValue(node, out List<OnnxNode>? nodes) ? nodes : [node]));

    internal void Replace(OnnxNode last, List<OnnxNode> nodes)
    {
        foreach (string input in last.Inputs)
        {
            _readers.GetValueOrDefault(input)?.Remove(last);
        }

        _replacements[last] = nodes;
        foreach (OnnxNode node in nodes)
        {
            Model.Opsets.Require(node.Domain);
            Enter(node);
        }
    }

    private void Enter(OnnxNode node)
    {
        foreach (string output in node.Outputs.Where(output => output.Length > 0))
        {
            _makers[output] = node;
        }

        foreach (string input in node.Inputs.Where(input => input.Length > 0))
        {
            (_readers.TryGetValue(input, out List<OnnxNode>? readers) ? readers : _readers[input] = []).Add(node);
        }

        if (node.Subgraphs.Any())
        {
            _inner.UnionWith(NodeOrder.ValuesReadBy(node));
        }
    }

    private static void RedirectInside(OnnxGraph graph, string from, string to)
    {
        foreach (OnnxNode node in graph.AllNodes)
        {
            Replace(node.Inputs, from, to);
        }

        foreach (OnnxGraph inner in graph.AllNodes.SelectMany(node => node.Subgraphs).Prepend(graph))
        {
            for (int i = 0; i < inner.Outputs.Count; i++)
            {
                if (inner.Outputs[i].Name == from)
                {
                    inner.Outputs[i] = inner.Outputs[i].WithName(to);
                }
            }
        }
    }

    private static void Replace(IList<string> names, string from, string to)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == from)
            {
                names[i] = to;
            }
        }
    }
}
