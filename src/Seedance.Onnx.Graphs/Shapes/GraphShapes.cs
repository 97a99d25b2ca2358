namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>What is known of the values of a graph before it runs. Immutable.</summary>
public sealed class GraphShapes
{
    private readonly IReadOnlyDictionary<string, InferredValue> _values;
    private readonly IReadOnlyDictionary<OnnxGraph, GraphShapes> _inner;

    internal GraphShapes(IReadOnlyDictionary<string, InferredValue> values, IReadOnlyDictionary<OnnxGraph, GraphShapes> inner)
    {
        _values = values;
        _inner = inner;
    }

    /// <summary>What is known of a value.</summary>
    /// <param name="name">The value.</param>
    /// <returns>Type and shape; null when nothing is known.</returns>
    public InferredValue? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>What is known of the values of a graph inside this one.</summary>
    /// <param name="graph">The body of an If, Loop or Scan.</param>
    /// <returns>Its values; null when the graph is not inside this one.</returns>
    public GraphShapes? Inside(OnnxGraph graph) => _inner.GetValueOrDefault(graph) ?? _inner.Values.Select(inner => inner.Inside(graph)).FirstOrDefault(found => found is not null);
}
