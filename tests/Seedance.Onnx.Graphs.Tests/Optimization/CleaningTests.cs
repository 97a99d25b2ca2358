using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Optimization;

[Trait("Tier", "Graph")]
public sealed class CleaningTests
{
    [Fact]
    public void Optimize_CancelledMeanwhile_Ends()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            string value = graph.Input("x", OnnxElementType.Float32, "N");
            for (int i = 0; i < 30_000; i++)
            {
                value = graph.Add(i % 2 == 0 ? "Sin" : "Identity", [value]);
            }

            graph.Output(graph.Rename(value, "y"), OnnxElementType.Float32, "N");
        });
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(20)); // all of it takes seconds

        Assert.Throws<OperationCanceledException>(() => GraphOptimizer.Optimize(model, new OptimizationOptions(), source.Token));
    }

    [Fact]
    public void Optimize_LengthsThatAreTheSameWhateverComes_AreComputedOnce()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            string value = g.Input("x", OnnxElementType.Float32, "N", "S", 6);
            foreach (string activation in new[] { "Sin", "Tanh" })
            {
                // Each block asks what it was given for its shape, as exporters write it.
                string made = g.Add(activation, [value]);
                string length = g.Add("Unsqueeze", [g.Add("Mul", [g.Add("Gather", [g.Add("Shape", [made]), g.Constant<long>("one", [1])]), g.Constant<long>("two", [2])]), g.Integers(0)]);
                string halves = g.Add("Reshape", [made, g.Add("Concat", [g.Integers(0), length, g.Integers(3)], OnnxAttribute.Create("axis", 0))]);
                value = g.Add("Reshape", [g.Add("Neg", [halves]), g.Integers(0, -1, 6)]);
            }

            g.Output(g.Rename(value, "y"), OnnxElementType.Float32, "N", "S", 6);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=2 S=4"));

        Assert.Equal(1, PassAssert.Count(optimized, "Shape"));
        Assert.Equal(1, PassAssert.Count(optimized, "Gather"));
        Assert.Equal(1, PassAssert.Count(optimized, "Concat"));
    }

    [Fact]
    public void Optimize_ConstantPart_BecomesAnInitializer()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 4);
            string half = g.Add("Constant", [], OnnxAttribute.Create("value", OnnxTensor.Create<float>("", [0.5f])));
            string table = g.Add("Mul", [g.Add("Cast", [g.Add("Range", [g.Constant<long>("a", [0]), g.Constant<long>("b", [4]), g.Constant<long>("c", [1])])], OnnxAttribute.Create("to", 1)), half]);
            g.Output(g.Rename(g.Add("Add", ["x", table]), "y"), OnnxElementType.Float32, "N", 4);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=3"));

        Assert.Equal(["Add"], optimized.Graph.Nodes.Select(node => node.OpType));
        Assert.Equal([0, 0.5f, 1, 1.5f], Assert.Single(optimized.Graph.Initializers).ToArray<float>());
    }

    [Fact]
    public void Optimize_ShapeArithmeticOfKnownAxes_IsFolded()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 4, 6);
            string shape = g.Add("Shape", ["x"]);
            string width = g.Add("Gather", [shape, g.Constant<long>("two", [2])]);
            string scale = g.Add("Div", [g.Number(1), g.Add("Sqrt", [g.Add("Cast", [width], OnnxAttribute.Create("to", 1))])]);
            g.Output(g.Rename(g.Add("Mul", ["x", scale]), "y"), OnnxElementType.Float32, "N", 4, 6);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=3"));

        Assert.Equal(["Mul"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Fact]
    public void Optimize_LargeConstants_FoldOnlyWhatDoesNotGrow()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 256);
            string turned = g.Add("Transpose", [g.Constant<float>("w", Numbers.Between(1, 256 * 256), 256, 256)]);
            string grown = g.Add("Expand", [g.Constant<float>("row", Numbers.Between(2, 256), 256), g.Integers(512, 256)]);
            string sum = g.Add("ReduceSum", [grown, g.Integers(0)]);
            g.Output(g.Rename(g.Add("Add", [g.Add("MatMul", ["x", turned]), sum]), "y"), OnnxElementType.Float32, "N", 256);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=2"));

        Assert.Equal(0, PassAssert.Count(optimized, "Transpose"));
        Assert.Equal(1, PassAssert.Count(optimized, "Expand"));
    }

    [Fact]
    public void Optimize_NodesThatDoNothing_Go()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 4);
            string x = g.Add("Identity", ["x"]);
            x = g.Add("Dropout", [g.Add("Cast", [x], OnnxAttribute.Create("to", 1))]);
            x = g.Add("Mul", [g.Number(1), g.Add("Add", [x, g.Number(0)])]);
            x = g.Add("Reshape", [g.Add("Transpose", [x], OnnxAttribute.Create("perm", [0, 1])), g.Integers(-1, 4)]);
            x = g.Add("Slice", [g.Add("Neg", [x]), g.Integers(0), g.Integers(4), g.Integers(1)]);
            g.Output(g.Rename(x, "y"), OnnxElementType.Float32, "N", 4);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=3"));

        OnnxNode node = Assert.Single(optimized.Graph.Nodes);
        Assert.Equal(("Neg", "x", "y"), (node.OpType, node.Inputs[0], node.Outputs[0]));
        Assert.Empty(optimized.Graph.Initializers);
    }

    [Fact]
    public void Optimize_InputHandedStraightThrough_IsKept()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N");
            g.Output(g.Rename("x", "y"), OnnxElementType.Float32, "N");
            g.Output(g.Rename("x", "z"), OnnxElementType.Float32, "N");
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=3"));

        Assert.Equal(["y", "z"], optimized.Graph.Outputs.Select(output => output.Name));
    }

    [Fact]
    public void Optimize_SumThatBroadcasts_IsNoIdentity()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, 4);
            g.Output(g.Rename(g.Add("Add", ["x", g.Constant<float>("zero", [0f], 1, 1)]), "y"), OnnxElementType.Float32, 1, 4);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model));

        Assert.Equal(1, PassAssert.Count(optimized, "Add"));
    }

    [Fact]
    public void Optimize_CastsThatUndoOneAnother_Go()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("flag", OnnxElementType.Bool, "N");
            g.Input("x", OnnxElementType.Float32, "N");
            string there = g.Add("Cast", [g.Add("Cast", ["flag"], OnnxAttribute.Create("to", 7))], OnnxAttribute.Create("to", 9));
            string lossy = g.Add("Cast", [g.Add("Cast", ["x"], OnnxAttribute.Create("to", 10))], OnnxAttribute.Create("to", 1));
            g.Output(g.Rename(g.Add("Where", [there, lossy, g.Number(0)]), "y"), OnnxElementType.Float32, "N");
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=3"));

        Assert.Equal(["Cast", "Cast", "Where"], optimized.Graph.Nodes.Select(node => node.OpType));
        Assert.Equal("flag", optimized.Graph.Nodes[2].Inputs[0]);
    }

    [Fact]
    public void Optimize_MovesInARow_BecomeOne()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, 2, 3, 4);
            string turned = g.Add("Transpose", [g.Add("Transpose", ["x"], OnnxAttribute.Create("perm", [1, 2, 0]))], OnnxAttribute.Create("perm", [1, 0, 2]));
            g.Output(g.Rename(g.Add("Reshape", [g.Add("Reshape", [turned, g.Integers(6, 4)]), g.Integers(3, -1)]), "y"), OnnxElementType.Float32, 3, 8);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model));

        Assert.Equal(["Transpose", "Reshape"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Fact]
    public void Optimize_NodesThatComputeTheSame_BecomeOne()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 4);
            string One() => g.Add("ReduceSum", [g.Add("Exp", ["x"]), g.Integers(1)]);
            string other = g.Add("ReduceSum", [g.Add("Exp", ["x"]), g.Integers(1)], OnnxAttribute.Create("keepdims", 0));
            g.Output(g.Rename(g.Add("Add", [g.Add("Div", [One(), One()]), other]), "y"), OnnxElementType.Float32, "N", "M");
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=3"));

        Assert.Equal(1, PassAssert.Count(optimized, "Exp"));
        Assert.Equal(2, PassAssert.Count(optimized, "ReduceSum"));
    }

    [Fact]
    public void Optimize_EqualInitializers_BecomeOne()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 64);
            string first = g.Add("MatMul", ["x", g.Constant<float>("a", Numbers.Between(1, 64 * 64), 64, 64)]);
            string second = g.Add("MatMul", [first, g.Constant<float>("b", Numbers.Between(1, 64 * 64), 64, 64)]);
            g.Output(g.Rename(g.Add("MatMul", [second, g.Constant<float>("c", Numbers.Between(2, 64 * 64), 64, 64)]), "y"), OnnxElementType.Float32, "N", 64);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "N=3"));

        Assert.Equal(["a", "c"], optimized.Graph.Initializers.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Optimize_InnerGraphs_AreRewrittenWithWhatTheyRead()
    {
        OnnxModel model = TinyModels.Branch();
        OnnxGraph then = model.Graph.Nodes[0].Subgraphs.First();
        GraphBuilder inner = new(then, "/then");
        then.Outputs[0] = new OnnxValue(inner.Add("Neg", [inner.Add("Identity", [then.Outputs[0].Name])]), OnnxElementType.Float32, "N");
        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, "N=3");

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), inputs);

        Assert.Equal(3, optimized.Graph.AllNodes.Count());
    }

    [Fact]
    public void Optimize_FixedAxes_AreFoldedAndWrittenDown()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 4);
            g.Output(g.Rename(g.Add("Expand", [g.Add("ReduceSum", ["x"], OnnxAttribute.Create("keepdims", 0)), g.Add("Shape", ["x"])]), "y"), OnnxElementType.Float32, "N", 4);
        });

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions { Axes = System.Collections.Immutable.ImmutableDictionary<string, long>.Empty.Add("N", 3) }, PassAssert.Inputs(model, "N=3"));

        Assert.Equal(0, PassAssert.Count(optimized, "Shape"));
        Assert.Equal("[3, 4]", optimized.Graph.Inputs[0].DescribeType().Split(' ', 2)[1]);
    }

    [Fact]
    public void Optimize_NothingToDo_SaysSo()
    {
        OnnxModel model = TinyModels.Linear();
        GraphOptimizer.Optimize(model, new OptimizationOptions());

        OptimizationReport report = GraphOptimizer.Optimize(model, new OptimizationOptions());

        Assert.True(report.IsUnchanged);
        Assert.Equal(2, report.NodesAfter);
    }

    [Fact]
    public void Optimize_PassLeftOut_DoesNotRun()
    {
        OnnxModel model = TinyModels.Linear();

        OptimizationReport report = GraphOptimizer.Optimize(model, new OptimizationOptions { Without = ["identity"] });

        Assert.True(report.IsUnchanged);
    }

    [Fact]
    public void Optimize_NewerOperatorsThanKnown_AreRefused()
    {
        OnnxModel model = TinyModels.Build(g => g.Input("x", OnnxElementType.Float32, 1), opset: 99);

        ModelFileException error = Assert.Throws<ModelFileException>(() => GraphOptimizer.Optimize(model, new OptimizationOptions()));

        Assert.Contains("version 26 at most", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Optimize_OperatorsOfOthers_AreLeftAlone()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N");
            string first = g.Add("Thing", ["x"], 1, "their.domain")[0], second = g.Add("Thing", ["x"], 1, "their.domain")[0];
            g.Output(g.Add("Add", [first, second]), OnnxElementType.Float32, "N");
        });

        Assert.True(GraphOptimizer.Optimize(model, new OptimizationOptions()).IsUnchanged);
    }
}
