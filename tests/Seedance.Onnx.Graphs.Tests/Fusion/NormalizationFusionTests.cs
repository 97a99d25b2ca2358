using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Fusion;

[Trait("Tier", "Graph")]
public sealed class NormalizationFusionTests
{
    /// <summary>With ONNX's own operator kept.</summary>
    private static readonly OptimizationOptions Standard = new() { Without = ["row normalisations"] };

    public static TheoryData<string, string> Forms
    {
        get
        {
            TheoryData<string, string> forms = [];
            foreach (string square in new[] { "Pow", "Mul" })
            {
                foreach (string root in new[] { "Div Sqrt", "Mul Reciprocal", "Mul Pow", "Mul Div", "Div Pow" })
                {
                    forms.Add(square, root);
                }
            }

            return forms;
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void Optimize_LayerNormalizationInPieces_MakesOneOperator(string square, string root)
    {
        OnnxModel model = Model(square, root, centred: true, scale: true, shift: true);

        OnnxModel optimized = PassAssert.SameOutputs(model, Standard, PassAssert.Inputs(model, "B=2 S=5"));

        Assert.Equal(["LayerNormalization"], optimized.Graph.Nodes.Select(node => node.OpType));
        Assert.Equal(3, optimized.Graph.Nodes[0].Inputs.Count);
    }

    [Theory, MemberData(nameof(Forms))]
    public void Optimize_RmsNormalizationInPieces_MakesOneOperator(string square, string root)
    {
        OnnxModel model = Model(square, root, centred: false, scale: true, shift: false);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "B=2 S=5"));

        Assert.Equal(["SimplifiedLayerNormalization"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Fact]
    public void Optimize_RmsNormalizationOfVersion23_IsOnnxsOwn()
    {
        OnnxModel model = Model("Pow", "Div Sqrt", centred: false, scale: true, shift: false, opset: 23);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions { Target = GraphTarget.TensorRt }, PassAssert.Inputs(model, "B=2 S=5"));

        Assert.Equal(["RMSNormalization"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Fact]
    public void Optimize_NoScale_GetsOnes()
    {
        OnnxModel model = Model("Mul", "Div Sqrt", centred: true, scale: false, shift: false);

        OnnxModel optimized = PassAssert.SameOutputs(model, Standard, PassAssert.Inputs(model, "B=2 S=5"));

        OnnxNode node = Assert.Single(optimized.Graph.Nodes);
        Assert.Equal(Enumerable.Repeat(1f, 16), optimized.Graph.Initializers.Find(node.Inputs[1])!.ToArray<float>());
    }

    [Fact]
    public void Optimize_TensorRtBeforeVersion23_KeepsRmsInPieces()
    {
        OnnxModel model = Model("Pow", "Div Sqrt", centred: false, scale: true, shift: false);

        GraphOptimizer.Optimize(model, new OptimizationOptions { Target = GraphTarget.TensorRt });

        Assert.Equal(0, PassAssert.Count(model, "SimplifiedLayerNormalization"));
        Assert.Equal(1, PassAssert.Count(model, "ReduceMean"));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Optimize_SumBeforeNormalization_BecomesPartOfIt(bool sumIsReadAgain)
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "B", "S", 16);
            graph.Input("h", OnnxElementType.Float32, "B", "S", 16);
            string sum = graph.Add("Add", ["x", "h"]);
            string normal = graph.Add("LayerNormalization", [sum, graph.Constant<float>("g", Numbers.Between(1, 16), 16), graph.Constant<float>("b", Numbers.Between(2, 16), 16)], OnnxAttribute.Create("epsilon", 1e-3f));
            graph.Output(graph.Rename(sumIsReadAgain ? graph.Add("Add", [sum, graph.Add("Neg", [normal])]) : graph.Add("Neg", [normal]), "y"), OnnxElementType.Float32, "B", "S", 16);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "B=2 S=5"));

        Assert.Equal(sumIsReadAgain ? ["SkipLayerNormalization", "Neg", "Add"] : ["SkipLayerNormalization", "Neg"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Fact]
    public void Optimize_SumWithABroadcastVector_IsNoSkip()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "B", "S", 16);
            graph.Input("h", OnnxElementType.Float32, 1, "S", 16);
            string normal = graph.Add("LayerNormalization", [graph.Add("Add", ["x", "h"]), graph.Constant<float>("g", Numbers.Between(1, 16), 16)]);
            graph.Output(graph.Rename(normal, "y"), OnnxElementType.Float32, "B", "S", 16);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, Standard, PassAssert.Inputs(model, "B=2 S=5"));

        Assert.Equal(["Add", "LayerNormalization"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Optimize_NormalizationOfAnyRank_RunsInRows(bool shift)
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "B", 3, "S", 16);
            string scale = graph.Constant<float>("g", Numbers.Between(1, 16), 16);
            string[] inputs = shift ? ["x", scale, graph.Constant<float>("b", Numbers.Between(2, 16), 16)] : ["x", scale];
            graph.Output(graph.Rename(graph.Add("LayerNormalization", inputs, OnnxAttribute.Create("epsilon", 1e-2f)), "y"), OnnxElementType.Float32, "B", 3, "S", 16);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "B=2 S=5"));

        Assert.Equal(1, PassAssert.Count(optimized, "SkipLayerNormalization"));
        Assert.Equal(0, PassAssert.Count(optimized, "LayerNormalization"));
    }

    [Fact]
    public void Optimize_NormalizationOfSeveralAxes_IsNoRow()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "B", 3, 16);
            string normal = graph.Add("LayerNormalization", ["x", graph.Constant<float>("g", Numbers.Between(1, 48), 3, 16)], OnnxAttribute.Create("axis", 1));
            graph.Output(graph.Rename(normal, "y"), OnnxElementType.Float32, "B", 3, 16);
        });

        GraphOptimizer.Optimize(model, new OptimizationOptions());

        Assert.Equal(["LayerNormalization"], model.Graph.Nodes.Select(node => node.OpType));
    }

    private static OnnxModel Model(string square, string root, bool centred, bool scale, bool shift, long opset = 18) => TinyModels.Build(
        graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "B", "S", 16);
            string last = graph.Integers(-1);
            string x = centred ? graph.Add("Sub", ["x", graph.Add("ReduceMean", ["x", last])]) : "x";
            string squared = square == "Pow" ? graph.Add("Pow", [x, graph.Number(2)]) : graph.Add("Mul", [x, x]);
            string variance = graph.Add("Add", [graph.Add("ReduceMean", [squared, last]), graph.Number(1e-3f)]);
            string y = root switch
            {
                "Div Sqrt" => graph.Add("Div", [x, graph.Add("Sqrt", [variance])]),
                "Mul Reciprocal" => graph.Add("Mul", [graph.Add("Reciprocal", [graph.Add("Sqrt", [variance])]), x]),
                "Mul Pow" => graph.Add("Mul", [x, graph.Add("Pow", [variance, graph.Number(-0.5f)])]),
                "Mul Div" => graph.Add("Mul", [x, graph.Add("Div", [graph.Number(1), graph.Add("Sqrt", [variance])])]),
                _ => graph.Add("Div", [x, graph.Add("Pow", [variance, graph.Number(0.5f)])]),
            };
            y = scale ? graph.Add("Mul", [graph.Constant<float>("g", Numbers.Between(1, 16), 16), y]) : y;
            y = shift ? graph.Add("Add", [y, graph.Constant<float>("b", Numbers.Between(2, 16), 16)]) : y;
            graph.Output(graph.Rename(y, "y"), OnnxElementType.Float32, "B", "S", 16);
        },
        opset);
}
