using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Costs;

[Trait("Tier", "Unit")]
public sealed class CostModelTests
{
    [Fact]
    public void Estimate_Linear_CountsProductsSumsAndBytes()
    {
        GraphCost cost = CostModel.Estimate(TinyModels.Linear(), ShapeBindings.None.WithAxis("N", 10));

        NodeCost product = cost.Nodes[0], sum = cost.Nodes[1];
        Assert.Equal(10 * 64 * 128, product.MultiplyAdds);
        Assert.Equal(2 * 10 * 64 * 128, product.Flops);
        Assert.Equal(4 * ((10 * 64) + (64 * 128) + (10 * 128)), product.BytesMoved);
        Assert.Equal(64 * 128, product.Parameters);
        Assert.Equal(10 * 128, sum.Flops);
        Assert.Equal(0, cost.Nodes[2].BytesMoved);
        Assert.Equal((64 * 128) + 128, cost.Total.Parameters);
        Assert.Equal(4 * ((64 * 128) + 128), cost.ParameterBytes);
        Assert.Equal(0, cost.UnknownNodes);
    }

    [Fact]
    public void Estimate_Chain_HoldsAValueUntilItsLastUse()
    {
        // x and its square are needed at the end; the root is not.
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, 100);
            string square = graph.Add("Mul", ["x", "x"]);
            string root = graph.Add("Sqrt", [square]);
            string view = graph.Add("Reshape", [square, graph.Integers(10, 10)]);
            string sum = graph.Add("ReduceSum", [root]);
            graph.Output(graph.Add("Add", [view, sum]), OnnxElementType.Float32, 10, 10);
        });

        GraphCost cost = CostModel.Estimate(model);

        // Mul: x, square. Sqrt: square and root (x is gone). Reshape: nothing new. ReduceSum: and 1 number. Add: square, number, sum.
        Assert.Equal([800, 800, 800, 804, 804], cost.Nodes.Select(node => node.ActivationBytes));
        Assert.Equal(804, cost.Total.PeakActivationBytes);
    }

    [Fact]
    public void ByScope_Names_AreCutAtTheDepth()
    {
        OnnxModel model = TinyModels.Build(graph => graph.Input("x", OnnxElementType.Float32, 10));
        foreach ((string name, int i) in new[] { "/blocks.0/attn/q/Neg", "/blocks.0/attn/k/Neg", "/blocks.0/Neg", "/blocks.1/Neg", "Neg" }.Select((name, i) => (name, i)))
        {
            model.Graph.Nodes.Add(new OnnxNode("Neg", ["x"], [$"y{i}"], name));
        }

        GraphCost cost = CostModel.Estimate(model);

        Assert.Equal([("/blocks.0", 30L), ("", 10L), ("/blocks.1", 10L)], cost.ByScope(1).Select(sum => (sum.Key, sum.Flops)));
        Assert.Equal([("/blocks.0/attn", 20L), ("", 10L), ("/blocks.0", 10L), ("/blocks.1", 10L)], cost.ByScope(2).Select(sum => (sum.Key, sum.Flops)));
        Assert.Equal("Neg", Assert.Single(cost.ByOperator).Key);
    }

    [Fact]
    public void Estimate_Convolutions_CountTheirWindows()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, 1, 8, 10, 10);
            string weight = graph.Constant<float>("w", new float[16 * 4 * 9], 16, 4, 3, 3);
            string y = graph.Add("Conv", ["x", weight, graph.Constant<float>("b", new float[16], 16)], OnnxAttribute.Create("group", 2));
            string up = graph.Add("ConvTranspose", [y, graph.Constant<float>("u", new float[16 * 3 * 4], 16, 3, 2, 2)], OnnxAttribute.Create("strides", [2, 2]));
            graph.Output(up, OnnxElementType.Float32, 1, 3, 16, 16);
        });

        GraphCost cost = CostModel.Estimate(model);

        Assert.Equal(16 * 8 * 8 * 4 * 9, cost.Nodes[0].MultiplyAdds);
        Assert.Equal((2 * 16 * 8 * 8 * 4 * 9) + (16 * 8 * 8), cost.Nodes[0].Flops);
        Assert.Equal(16 * 8 * 8 * 3 * 4, cost.Nodes[1].MultiplyAdds);
    }

    [Fact]
    public void Estimate_FusedAttention_CountsAsItsTwoProducts()
    {
        OnnxModel fused = TinyModels.Build(graph =>
        {
            graph.Input("q", OnnxElementType.Float32, 2, 5, 64);
            graph.Input("k", OnnxElementType.Float32, 2, 7, 64);
            graph.Output(graph.Add("MultiHeadAttention", ["q", "k", "k"], 1, "com.microsoft", OnnxAttribute.Create("num_heads", 4))[0], OnnxElementType.Float32, 2, 5, 64);
        });

        Assert.Equal(2 * (2L * 4 * 5 * 7 * 16), CostModel.Estimate(fused).Total.MultiplyAdds);
    }

    [Fact]
    public void Estimate_FreeAxes_CountsTheNodesItCannot()
    {
        GraphCost cost = CostModel.Estimate(TinyModels.Linear());

        Assert.Equal(3, cost.UnknownNodes);
        Assert.Equal(0, cost.Total.Flops);
    }

    [Fact]
    public void Estimate_Functions_AreCountedInside()
    {
        OnnxModel model = Functions.Model();

        GraphCost cost = CostModel.Estimate(model, ShapeBindings.None.WithAxis("N", 10));

        Assert.Equal(["Mul", "Add", "Mul", "Add"], cost.Nodes.Select(node => node.Operator).Where(op => op != "Constant"));
        Assert.Equal(40, cost.Total.Flops);
    }
}
