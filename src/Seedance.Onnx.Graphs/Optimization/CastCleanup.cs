namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Removes Casts that another Cast undoes or repeats, where nothing is lost in between.</summary>
internal sealed class CastCleanup : IGraphPass
{
    public string Name => "casts";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.EachNode())
        {
            if (!GraphView.Is(node, "Cast") || graph.Maker(node.Inputs[0], "Cast") is not { } before || graph.Shapes.Find(before.Inputs[0]) is not { } source)
            {
                continue;
            }

            var between = (OnnxElementType)before.Int("to", 0);
            if (Keeps(source.ElementType, between))
            {
                // The last Cast reads the source itself; one to the source's own type goes with the identities.
                Rewriting rewriting = graph.Rewrite(node);
                rewriting.End("Cast", "", [before.Inputs[0]], [.. node.Attributes]);
                changes++;
            }
        }

        return changes;
    }

    /// <summary>Whether every value of a type is one of another type, too.</summary>
    private static bool Keeps(OnnxElementType from, OnnxElementType to) => from == to || (from, to) switch
    {
        (OnnxElementType.Bool, not OnnxElementType.Text) => true,
        (OnnxElementType.Float16 or OnnxElementType.BFloat16, OnnxElementType.Float32 or OnnxElementType.Float64) => true,
        (OnnxElementType.Float32, OnnxElementType.Float64) => true,
        (OnnxElementType.Int8 or OnnxElementType.Int16 or OnnxElementType.UInt8 or OnnxElementType.UInt16, OnnxElementType.Int32 or OnnxElementType.Int64) => true,
        (OnnxElementType.Int8 or OnnxElementType.Int16 or OnnxElementType.UInt8 or OnnxElementType.UInt16, OnnxElementType.Float32 or OnnxElementType.Float64) => true,
        (OnnxElementType.Int32 or OnnxElementType.UInt32, OnnxElementType.Int64 or OnnxElementType.Float64) => true,
        _ => false,
    };
}
