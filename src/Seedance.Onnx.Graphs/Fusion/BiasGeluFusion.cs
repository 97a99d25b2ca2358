using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>Gelu behind the addition of a bias: one pass over the data instead of two.</summary>
internal sealed class BiasGeluFusion : IGraphPass
{
    public string Name => "bias and gelu";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.BiasGelu ? graph.EachNode() : [])
        {
            bool exact = (node.OpType == "Gelu" && node.Domain == OpsetImports.Microsoft) || (GraphView.Is(node, "Gelu") && node.Text("approximate", "none") == "none");
            if (!exact || !graph.IsSingleOrHalf(node.Inputs[0]) || graph.Maker(node.Inputs[0], "Add") is not { } add || graph.OnlyReader(node.Inputs[0]) is null)
            {
                continue;
            }

            foreach ((string x, string bias) in GraphView.BothWays(add))
            {
                if (graph.Constant(bias) is { Dimensions.Length: 1 } vector && graph.Length(x, -1) == vector.ElementCount)
                {
                    graph.Rewrite(node).End("BiasGelu", OpsetImports.Microsoft, [x, bias]);
                    changes++;
                    break;
                }
            }
        }

        return changes;
    }
}
