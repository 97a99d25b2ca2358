using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Optimization;

[Trait("Tier", "Graph")]
public sealed class SingleMovesTests
{
    /// <summary>Unfolding of pixels out of channels, and folding.</summary>
    [Theory]
    [InlineData("B 4 2 3 F H W", "0 1 4 5 2 6 3")]
    [InlineData("B 4 F H 2 W 3", "0 1 4 6 2 3 5")]
    [InlineData("B 4 F 2 3", "0 2 4 3 1")]
    public void Optimize_InnermostAxisTornApart_MovesOneAxisAtATime(string shape, string perm)
    {
        OnnxModel model = Model(shape, perm);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "B=2 F=3 H=4 W=5"));

        Assert.Equal(2, PassAssert.Count(optimized, "Transpose"));
    }

    /// <summary>One axis alone moves; the innermost axis stays; no length is known to be short.</summary>
    [Theory]
    [InlineData("B 4 2 F H", "0 1 3 4 2")]
    [InlineData("B F H W 4", "0 4 1 2 3")]
    [InlineData("B 4 2 F H", "0 2 3 1 4")]
    [InlineData("B 4 F H W", "0 1 4 3 2")]
    public void Optimize_OtherTranspositions_Stay(string shape, string perm)
    {
        OnnxModel model = Model(shape, perm);

        GraphOptimizer.Optimize(model, new OptimizationOptions());

        Assert.Equal(["Transpose"], model.Graph.Nodes.Select(node => node.OpType));
    }

    private static OnnxModel Model(string shape, string perm) => TinyModels.Build(g =>
    {
        OnnxDimension[] axes = [.. shape.Split(' ').Select(axis => long.TryParse(axis, out long length) ? (OnnxDimension)length : axis)];
        int[] order = [.. perm.Split(' ').Select(int.Parse)];
        g.Input("x", OnnxElementType.Float32, axes);
        string moved = g.Add("Transpose", ["x"], OnnxAttribute.Create("perm", order.Select(axis => (long)axis)));
        g.Output(g.Rename(moved, "y"), OnnxElementType.Float32, [.. order.Select(axis => axes[axis])]);
    });
}
