namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>The nodes that are to stand in the place of one: they end with what that one made.</summary>
internal sealed class Rewriting(GraphView graph, OnnxNode last)
{
    private readonly List<OnnxNode> _nodes = [];

    /// <summary>Adds a node with one new value.</summary>
    public string Add(string opType, IEnumerable<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes) => Add(opType, "", inputs, attributes);

    /// <summary>Adds a node of a domain with one new value.</summary>
    public string Add(string opType, string domain, IEnumerable<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        string name = graph.NewName(last.Name, opType);
        string output = graph.NewName(last.Name, $"{opType}_output");
        _nodes.Add(new OnnxNode(opType, inputs, [output], name, domain, attributes));
        return output;
    }

    /// <summary>A list of whole numbers.</summary>
    public string Integers(params ReadOnlySpan<long> values) => graph.AddConstant(last.Name, "integers", values, values.Length);

    /// <summary>Ends with a node that makes what the old one made.</summary>
    public void End(string opType, string domain, IEnumerable<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes) => End(opType, domain, inputs, last.Outputs, attributes);

    /// <summary>Ends with a node that makes what a later one made, in whose place all of this then stands.</summary>
    public void EndAt(OnnxNode later, string opType, string domain, IEnumerable<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        _nodes.Add(new OnnxNode(opType, inputs, later.Outputs, graph.NewName(last.Name, opType), domain, attributes));
        graph.Replace(later, _nodes);
    }

    /// <summary>Ends with a node that makes what the old one made, and more.</summary>
    public void End(string opType, string domain, IEnumerable<string> inputs, IEnumerable<string> outputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        _nodes.Add(new OnnxNode(opType, inputs, outputs, graph.NewName(last.Name, opType), domain, attributes));
        graph.Replace(last, _nodes);
    }
}
