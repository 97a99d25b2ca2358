using Seedance.Onnx.Composition;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Optimization;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Rows;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Tests.Optimization;

/// <summary>Chains of operators as row programs, against the same operators one by one.</summary>
[Trait("Tier", "Graph")]
public sealed class RowFusionTests : IDisposable
{
    /// <summary>Sums in another order, an exponential of its own.</summary>
    private static readonly Tolerance Fused = new("rows as programs", 1e-5, 1e-5);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("residual", 1, 1)]
    [InlineData("residual", 2, 2)]
    [InlineData("residual of two outputs", 1, 1)]
    [InlineData("activation", 1, 1)]
    [InlineData("root mean square", 2, 1)]
    [InlineData("norm alone", 2, 1)]
    public void Optimize_ChainOnRows_BecomesOneProgramThatMakesTheSame(string chain, int threads, long scaleBatch)
    {
        OnnxModel model = Build(g => Chain(g, chain));
        Dictionary<string, OnnxTensor> inputs = new(StringComparer.Ordinal) { ["x"] = Random(1, 2, 300, 64), ["y"] = Random(2, 2, 300, 64), ["scale"] = Random(3, scaleBatch, 1, 64), ["shift"] = Random(4, scaleBatch, 1, 64) };

        OnnxModel optimized = SameOutputs(model, inputs, threads);

        Assert.Equal([RowProgram.Operator], optimized.Graph.Nodes.Select(node => node.OpType).Distinct());
        Assert.Single(optimized.Graph.Nodes);
    }

    [Theory]
    [InlineData("residual")]
    [InlineData("residual of two outputs")]
    [InlineData("root mean square")]
    [InlineData("norm alone")]
    public void Optimize_ChainThatWasFusedForOthers_BecomesOneProgramToo(string chain)
    {
        OnnxModel model = Build(g => Chain(g, chain));
        GraphOptimizer.Optimize(model, new OptimizationOptions { Target = GraphTarget.Cpu });
        Assert.Contains(model.Graph.Nodes, node => node.OpType.StartsWith("Skip", StringComparison.Ordinal));

        OnnxModel optimized = SameOutputs(model, new(StringComparer.Ordinal) { ["x"] = Random(1, 2, 30, 64), ["y"] = Random(2, 2, 30, 64), ["scale"] = Random(3, 2, 1, 64), ["shift"] = Random(4, 2, 1, 64) });

        Assert.Equal(RowProgram.Operator, Assert.Single(optimized.Graph.Nodes).OpType);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // for others, before
    public void Optimize_QueriesKeysAndValues_AreReadWhereTheyLie(bool fused)
    {
        OnnxModel model = Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "B", "S", 128);
            g.Input("angles", OnnxElementType.Float32, "S", 16);
            string product = g.Add("MatMul", ["x", Weights(g, 128, 384)]), sum = g.Add("Add", [product, Vector(g, "bias", 384)]);
            string shape = g.Add("Concat", [g.Add("Shape", [sum], OnnxAttribute.Create("end", 2)), g.Integers(3, 4, 32)], OnnxAttribute.Create("axis", 0));
            string turned = g.Add("Transpose", [g.Add("Reshape", [sum, shape])], OnnxAttribute.Create("perm", [2, 0, 3, 1, 4]));
            string[] parts = g.Add("Split", [turned], 3, "", OnnxAttribute.Create("axis", 0), OnnxAttribute.Create("num_outputs", 3));
            string cos = g.Add("Cos", ["angles"]), sin = g.Add("Sin", ["angles"]);
            for (int part = 0; part < 3; part++)
            {
                string value = g.Add("Squeeze", [parts[part], g.Integers(0)]);
                string result = part == 2 ? g.Add("Tanh", [value]) : Rotary(g, g.Add("LayerNormalization", [value, Vector(g, "scale", 32), Vector(g, "shift", 32)]), cos, sin);
                g.Output(g.Rename(result, $"part{part}"), OnnxElementType.Float32, "B", 4, "S", 32);
            }
        });

        if (fused)
        {
            GraphOptimizer.Optimize(model, new OptimizationOptions { Target = GraphTarget.Cpu });
            Assert.Contains(model.Graph.Nodes, node => node.OpType == "RotaryEmbedding");
        }

        OnnxModel optimized = SameOutputs(model, new(StringComparer.Ordinal) { ["x"] = Random(1, 2, 9, 128), ["angles"] = Random(2, 9, 16) }, threads: 2);

        Assert.Equal(["Cos", "MatMul", "Rows", "Rows", "Rows", "Sin", "Tanh"], optimized.Graph.Nodes.Select(node => node.OpType).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Optimize_SumBothBeforeAndBehindAProduct_BecomesTwoPrograms()
    {
        OnnxModel model = Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "B", "S", 64);
            string one = Normalized(g, "x"), sum = g.Add("Add", ["x", g.Add("MatMul", [one, Weights(g, 64, 64)])]);
            g.Output(g.Rename(g.Add("Add", [Normalized(g, sum), sum]), "z"), OnnxElementType.Float32, "B", "S", 64);
        });

        OnnxModel optimized = SameOutputs(model, new(StringComparer.Ordinal) { ["x"] = Random(1, 2, 5, 64) });

        Assert.Equal(["Rows", "MatMul", "Rows"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Fact]
    public void Optimize_ChainOfMoreThanAProgramHolds_BecomesSeveral()
    {
        OnnxModel model = Build(g =>
        {
            string value = g.Input("x", OnnxElementType.Float32, "B", "S", 64);
            for (int i = 0; i < 40; i++)
            {
                value = g.Add(i % 3 == 0 ? "Mul" : "Add", [i % 7 == 6 ? Normalized(g, value) : value, Vector(g, $"vector {i}", 64)]);
            }

            g.Output(g.Rename(value, "z"), OnnxElementType.Float32, "B", "S", 64);
        });

        OnnxModel optimized = SameOutputs(model, new(StringComparer.Ordinal) { ["x"] = Random(1, 2, 5, 64) });

        Assert.InRange(optimized.Graph.Nodes.Count, 3, 8);
        Assert.All(optimized.Graph.Nodes, node => Assert.Equal(RowProgram.Operator, node.OpType));
    }

    [Theory]
    [InlineData(40)] // no multiple of what is computed at once
    [InlineData(16)] // hardly a row
    public void Optimize_RowsThatAreNoGain_AreLeftAlone(long width)
    {
        OnnxModel model = Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "B", "S", width);
            g.Output(g.Rename(g.Add("Add", [Normalized(g, "x", width), "x"]), "z"), OnnxElementType.Float32, "B", "S", width);
        });

        OnnxModel optimized = SameOutputs(model, new(StringComparer.Ordinal) { ["x"] = Random(1, 2, 5, width) });

        Assert.DoesNotContain(optimized.Graph.Nodes, node => node.OpType == RowProgram.Operator);
    }

    [Theory]
    [InlineData(GraphTarget.Cpu)]
    [InlineData(GraphTarget.Cuda)]
    [InlineData(GraphTarget.TensorRt)]
    [InlineData(GraphTarget.WebGpu)]
    public void Optimize_ForAnybody_MakesNoPrograms(GraphTarget target)
    {
        OnnxModel model = Build(g => Chain(g, "residual"));

        GraphOptimizer.Optimize(model, new OptimizationOptions { Target = target });

        Assert.DoesNotContain(model.Graph.Nodes, node => node.Domain == RowProgram.Domain);
    }

    [Theory]
    [InlineData("o0 = add(i0, i1)", 3, 64, "must be as long on every axis, or 1 long, but have 2 and 3")]
    [InlineData("o0 = add(i0, i1)", 2, 32, "must have rows of 64 elements, a multiple of 16, but has 32")]
    [InlineData("o0 = add(i0, 1)", 2, 64, "must have 1 inputs, but has 2")]
    [InlineData("i1 = view(, 0:2, ); o0 = add(i0, i1)", 2, 64, "view(, 0:2, ) is not of [2, 64]")]
    [InlineData("i1 = view(5, , ); o0 = add(i0, i1)", 2, 64, "view(5, , ) is not of [2, 64]")]
    [InlineData("i1 = view(0, 1:0, 4 32); o0 = add(i0, i1)", 2, 64, "view(0, 1:0, 4 32) is not of [2, 4, 32]")]
    [InlineData("i1 = view(0, 1:-1, 2 64); o0 = add(i0, i1)", 2, 128, "view(0, 1:-1, 2 64) is not of [2, 2, 64]")]
    public void Run_InputsThatDoNotFitTheProgram_SaysWhy(string program, long rows, long width, string problem)
    {
        OnnxModel model = Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "B", "S");
            g.Input("y", OnnxElementType.Float32, "C", "T");
            g.Output(g.Rename(g.Add(RowProgram.Operator, ["x", "y"], 1, RowProgram.Domain, OnnxAttribute.Create(RowProgram.Attribute, program))[0], "z"), OnnxElementType.Float32, "B", "S");
        });

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => Run(model, new(StringComparer.Ordinal) { ["x"] = Random(1, 2, 64), ["y"] = Random(2, rows, width) }, 1));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TextThatIsNoProgram_SaysWhatIsWrong()
    {
        OnnxModel model = Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "B", 64);
            g.Output(g.Rename(g.Add(RowProgram.Operator, ["x"], 1, RowProgram.Domain, OnnxAttribute.Create(RowProgram.Attribute, "o0 = double(i0)"))[0], "z"), OnnxElementType.Float32, "B", 64);
        });

        GraphExecutionException error = Assert.Throws<GraphExecutionException>(() => Run(model, new(StringComparer.Ordinal) { ["x"] = Random(1, 2, 64) }, 1));

        Assert.Contains("with one of add, sub", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, CostModel.Estimate(model, ShapeBindings.None.WithAxis("B", 2)).Total.Flops); // nothing is known of it
    }

    [Fact]
    public void ComposeStep_OfTheShippedPack_HasProgramsWhereTheyAreAGain()
    {
        ResolvedTarget processor = new(ExecutionProvider.Cpu, ExecutionTarget.Cpu, []);

        OnnxModel step = new PackComposer(ModelPack.Open(ReferenceRun.Pack), cacheFolder: null, verified: false).ComposeStep(processor).Model;

        int programs = step.Graph.Nodes.Count(node => node.OpType == RowProgram.Operator);
        Assert.True(RuntimeInfo.GainsByRowPrograms ? programs > 80 : programs == 0, $"{programs} programs");
        Assert.Equal(RuntimeInfo.GainsByRowPrograms, !step.Graph.Nodes.Any(node => node.OpType is "SkipLayerNormalization" or "RotaryEmbedding"));
    }

    private static void Chain(GraphBuilder g, string chain)
    {
        string x = g.Input("x", OnnxElementType.Float32, "B", "S", 64), y = g.Input("y", OnnxElementType.Float32, "B", "S", 64);
        string scale = g.Input("scale", OnnxElementType.Float32, "B", 1, 64), shift = g.Input("shift", OnnxElementType.Float32, "B", 1, 64);
        string sum = g.Add("Add", [x, g.Add("Mul", [scale, g.Add("Add", [Vector(g, "bias", 64), y])])]);
        string result = chain switch
        {
            "activation" => g.Add("QuickGelu", [sum], 1, OpsetImports.Microsoft, OnnxAttribute.Create("alpha", 1.702f))[0],
            "root mean square" => g.Add("Sub", [g.Add("SimplifiedLayerNormalization", [sum, Vector(g, "weight", 64)], OnnxAttribute.Create("axis", -1)), shift]),
            "norm alone" => Normalized(g, x),
            _ => g.Add("Add", [g.Add("Mul", [Normalized(g, sum), g.Add("Add", [scale, g.Number(1)])]), shift]),
        };
        g.Output(g.Rename(result, "z"), OnnxElementType.Float32, "B", "S", 64);
        if (chain == "residual of two outputs")
        {
            g.Output(g.Rename(sum, "sum"), OnnxElementType.Float32, "B", "S", 64);
        }
    }

    private static string Normalized(GraphBuilder g, string value, long width = 64) => g.Add("LayerNormalization", [value, Vector(g, "weight", width), Vector(g, "offset", width)], OnnxAttribute.Create("epsilon", 1e-6f));

    private static string Rotary(GraphBuilder g, string value, string cos, string sin)
    {
        string[] halves = g.Add("Split", [value], 2, "", OnnxAttribute.Create("axis", -1), OnnxAttribute.Create("num_outputs", 2));
        string first = g.Add("Sub", [g.Add("Mul", [halves[0], cos]), g.Add("Mul", [halves[1], sin])]), second = g.Add("Add", [g.Add("Mul", [halves[0], sin]), g.Add("Mul", [halves[1], cos])]);
        return g.Add("Concat", [first, second], OnnxAttribute.Create("axis", -1));
    }

    private static string Vector(GraphBuilder g, string name, long width) => g.Constant<float>(name, Numbers(name.Sum(letter => letter), width), width);

    private static string Weights(GraphBuilder g, long rows, long columns) => g.Constant<float>("weights", Numbers(9, rows * columns), rows, columns);

    private static OnnxModel Build(Action<GraphBuilder> build)
    {
        OnnxModel model = new(new OnnxGraph("rows"), opset: 18);
        build(new GraphBuilder(model.Graph));
        foreach (OnnxNode node in model.Graph.Nodes)
        {
            model.Opsets.Require(node.Domain);
        }

        return model;
    }

    private static float[] Numbers(int seed, long count)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, (int)count).Select(_ => (float)((random.NextDouble() * 4) - 2))];
    }

    private static OnnxTensor Random(int seed, params long[] shape) => OnnxTensor.Create<float>("", Numbers(seed, shape.Aggregate(1L, (a, b) => a * b)), shape);

    private OnnxModel SameOutputs(OnnxModel model, Dictionary<string, OnnxTensor> inputs, int threads = 1)
    {
        OnnxModel optimized = model.Copy();
        GraphOptimizer.Optimize(optimized, new OptimizationOptions { Profile = TargetProfile.OwnProcessor });
        IReadOnlyDictionary<string, OnnxTensor> expected = Run(model, inputs, threads), actual = Run(optimized, inputs, threads);
        foreach ((string name, OnnxTensor value) in expected)
        {
            Assert.Equal<long>(value.Dimensions, actual[name].Dimensions);
            NumericAssert.Close<float>(value.ToArray<float>(), actual[name].ToArray<float>(), Fused);
        }

        return optimized;
    }

    private IReadOnlyDictionary<string, OnnxTensor> Run(OnnxModel model, Dictionary<string, OnnxTensor> inputs, int threads)
    {
        using ModelRunner runner = new(ExecutionTarget.Cpu with { Threads = threads }, _folder.Path, CancellationToken.None);
        return runner.Run(model, inputs.Where(input => model.Graph.RequiredInputs.Any(required => required.Name == input.Key)).ToDictionary(StringComparer.Ordinal));
    }
}
