using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Makes one of lengths, and lists of them, that are the same whatever the graph is given, however each was computed: every block of an exported model asks for the shape of what it was given.</summary>
internal sealed class EqualLengths : IGraphPass
{
    public string Name => "equal lengths";

    public int Run(GraphView graph)
    {
        int changes = 0;
        Dictionary<string, string> seen = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.EachNode())
        {
            foreach (string output in node.Outputs.Where(output => output.Length > 0))
            {
                if (KeyOf(graph.Shapes.Find(output)) is not { } key || seen.TryAdd(key, output) || graph.IsOutput(output) || graph.Readers(output).Count == 0)
                {
                    continue;
                }

                graph.Redirect(output, seen[key]);
                changes++;
            }
        }

        return changes;
    }

    /// <summary>Type, rank and elements; null when an element is not known, not even by a name.</summary>
    private static string? KeyOf(InferredValue? value) => value is { Known: null, Elements: { } elements, Shape: { } shape } && elements.All(element => element != OnnxDimension.Unknown)
        ? $"{value.ElementType} {shape.Length} {string.Join(' ', elements)}"
        : null;
}
