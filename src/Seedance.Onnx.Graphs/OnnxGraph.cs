using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs;

/// <summary>Nodes with what goes in and out. Not safe for use by several threads at once while it changes.</summary>
public sealed class OnnxGraph
{
    private readonly GraphProto _message;
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<OnnxValue> _inputs = [], _outputs = [], _values = [];

    /// <summary>Makes a graph without nodes.</summary>
    /// <param name="name">Its name; the format wants one.</param>
    public OnnxGraph(string name)
        : this(new GraphProto { Name = name })
    {
    }

    /// <summary>Takes a message without nodes, tensors and values.</summary>
    internal OnnxGraph(GraphProto message)
    {
        _message = message;
    }

    /// <summary>Its name.</summary>
    public string Name
    {
        get => _message.Name;
        set => _message.Name = value;
    }

    /// <summary>The nodes, each after those whose values it reads.</summary>
    public IList<OnnxNode> Nodes => _nodes;

    /// <summary>What the caller gives. Before version 4 of the format the initialisers stand here too.</summary>
    public IList<OnnxValue> Inputs => _inputs;

    /// <summary>What the caller gets.</summary>
    public IList<OnnxValue> Outputs => _outputs;

    /// <summary>Types of values in between, as far as the file tells them.</summary>
    public IList<OnnxValue> Values => _values;

    /// <summary>The weights: values that are in the file.</summary>
    public OnnxTensorSet Initializers { get; } = new();

    /// <summary>The inputs that the caller must give: those that no initialiser has a value for.</summary>
    public IEnumerable<OnnxValue> RequiredInputs => Inputs.Where(input => !Initializers.Contains(input.Name));

    /// <summary>This graph's nodes and those of all graphs inside them.</summary>
    public IEnumerable<OnnxNode> AllNodes => _nodes.SelectMany(node => node.Subgraphs.SelectMany(graph => graph.AllNodes).Prepend(node));

    internal GraphProto Message => _message;

    /// <summary>Copies the graph, its nodes and the graphs in them; tensors are shared, for they never change.</summary>
    /// <returns>The copy.</returns>
    public OnnxGraph Copy()
    {
        OnnxGraph copy = new(_message.Clone());
        copy._nodes.AddRange(_nodes.Select(node => node.Copy()));
        copy._inputs.AddRange(_inputs);
        copy._outputs.AddRange(_outputs);
        copy._values.AddRange(_values);
        foreach (OnnxTensor tensor in Initializers)
        {
            copy.Initializers.Set(tensor);
        }

        return copy;
    }

    /// <summary>Swaps the nodes for others.</summary>
    internal void ReplaceNodes(IEnumerable<OnnxNode> nodes)
    {
        List<OnnxNode> replacement = [.. nodes];
        _nodes.Clear();
        _nodes.AddRange(replacement);
    }
}
