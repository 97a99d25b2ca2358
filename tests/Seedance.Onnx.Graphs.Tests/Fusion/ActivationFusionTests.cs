using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Fusion;

[Trait("Tier", "Graph")]
public sealed class ActivationFusionTests
{
    private static readonly Dictionary<string, Func<GraphBuilder, string, string>> Patterns = new(StringComparer.Ordinal)
    {
        ["erf: x · 0.5 · (1 + erf(x / √2))"] = (g, x) => g.Add("Mul", [g.Add("Mul", [x, g.Number(0.5f)]), g.Add("Add", [g.Add("Erf", [g.Add("Div", [x, g.Number(1.41421356f)])]), g.Number(1)])]),
        ["erf: x · (1 + erf(x / √2)) · 0.5"] = (g, x) => g.Add("Mul", [g.Add("Mul", [x, g.Add("Add", [g.Add("Erf", [g.Add("Div", [x, g.Number(1.41421356f)])]), g.Number(1)])]), g.Number(0.5f)]),
        ["erf: x · (0.5 · (1 + erf(x · 0.7)))"] = (g, x) => g.Add("Mul", [x, g.Add("Mul", [g.Number(0.5f), g.Add("Add", [g.Number(1), g.Add("Erf", [g.Add("Mul", [x, g.Number(0.70710678f)])])])])]),
        ["erf: x · (1 + erf(x / √2)) / 2"] = (g, x) => g.Add("Div", [g.Add("Mul", [x, g.Add("Add", [g.Add("Erf", [g.Add("Div", [x, g.Number(1.41421356f)])]), g.Number(1)])]), g.Number(2)]),
        ["tanh: with Pow"] = (g, x) => Tanh(g, x, g.Add("Mul", [g.Number(0.044715f), g.Add("Pow", [x, g.Number(3)])])),
        ["tanh: with products"] = (g, x) => Tanh(g, x, g.Add("Mul", [g.Add("Mul", [g.Add("Mul", [x, x]), x]), g.Number(0.044715f)])),
        ["tanh: factored"] = (g, x) => g.Add("Mul", [g.Add("Mul", [g.Number(0.5f), x]), g.Add("Add", [g.Number(1), g.Add("Tanh", [
            g.Add("Mul", [g.Add("Mul", [x, g.Number(0.7978845608f)]), g.Add("Add", [g.Number(1), g.Add("Mul", [g.Add("Mul", [g.Number(0.044715f), x]), x])])])])])]),
        ["quick: x · sigmoid(1.702 x)"] = (g, x) => g.Add("Mul", [x, g.Add("Sigmoid", [g.Add("Mul", [x, g.Number(1.702f)])])]),
        ["silu: x · sigmoid(x)"] = (g, x) => g.Add("Mul", [g.Add("Sigmoid", [x]), x]),
    };

    public static TheoryData<string> Names => [.. Patterns.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Optimize_Cpu_MakesOneOperator(string name)
    {
        OnnxModel model = Model(name, 18);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=5"));

        string expected = name.Split(':')[0] switch { "erf" => "Gelu", "tanh" => "FastGelu", _ => "QuickGelu" };
        Assert.Equal(["MatMul", expected], optimized.Graph.Nodes.Select(node => node.OpType));
        Assert.Equal("com.microsoft", optimized.Graph.Nodes[1].Domain);
        Assert.Equal("y", optimized.Graph.Outputs[0].Name);
    }

    [Theory, MemberData(nameof(Names))]
    public void Optimize_TensorRt_UsesOnnxOperatorsOnly(string name)
    {
        OnnxModel model = Model(name, 20);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions { Target = GraphTarget.TensorRt }, PassAssert.Inputs(model, "N=5"));

        Assert.All(optimized.Graph.Nodes, node => Assert.Empty(node.Domain));
        Assert.Equal(name[0] is 'e' or 't' ? 1 : 0, PassAssert.Count(optimized, "Gelu"));
    }

    [Fact]
    public void Optimize_BiasBeforeGelu_BecomesPartOfIt()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "N", 8);
            string sum = graph.Add("Add", [graph.Constant<float>("bias", Numbers.Between(1, 8), 8), "x"]);
            graph.Output(graph.Rename(Patterns["erf: x · 0.5 · (1 + erf(x / √2))"](graph, sum), "y"), OnnxElementType.Float32, "N", 8);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=5"));

        Assert.Equal(["BiasGelu"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Theory]
    [InlineData(0.5f, 2f)]
    [InlineData(0.4f, 1.41421356f)]
    public void Optimize_OtherConstants_AreLeftAlone(float half, float root)
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "N");
            graph.Output(graph.Add("Mul", [graph.Add("Mul", ["x", graph.Number(half)]), graph.Add("Add", [graph.Add("Erf", [graph.Add("Div", ["x", graph.Number(root)])]), graph.Number(1)])]), OnnxElementType.Float32, "N");
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=5"));

        Assert.Equal(0, PassAssert.Count(optimized, "Gelu"));
    }

    [Fact]
    public void Optimize_SigmoidOfSomethingElse_IsLeftAlone()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "N");
            graph.Input("z", OnnxElementType.Float32, "N");
            graph.Output(graph.Add("Mul", ["x", graph.Add("Sigmoid", ["z"])]), OnnxElementType.Float32, "N");
        });

        Assert.True(GraphOptimizer.Optimize(model, new OptimizationOptions()).IsUnchanged);
    }

    private static string Tanh(GraphBuilder g, string x, string cubic) =>
        g.Add("Mul", [g.Add("Mul", [g.Number(0.5f), x]), g.Add("Add", [g.Number(1), g.Add("Tanh", [g.Add("Mul", [g.Number(0.7978845608f), g.Add("Add", [x, cubic])])])])]);

    private static OnnxModel Model(string name, long opset) => TinyModels.Build(
        graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "N", 8);
            string x = graph.Add("MatMul", ["x", graph.Constant<float>("w", [.. Numbers.Between(1, 64).Select(value => 3 * value)], 8, 8)]);
            graph.Output(graph.Rename(Patterns[name](graph, x), "y"), OnnxElementType.Float32, "N", 8);
        },
        opset);
}
