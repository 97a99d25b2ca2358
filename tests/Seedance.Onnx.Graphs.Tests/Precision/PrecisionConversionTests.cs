using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Graphs.Running;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Precision;

[Trait("Tier", "Graph")]
public sealed class PrecisionConversionTests
{
    private static readonly Dictionary<GraphPrecision, (string Operator, double Error)> Expected = new()
    {
        // Rounding errors of the weights: half a step of 2⁻¹¹, 1/254, 1/256 and 1/16 of the largest weight of a column or block, averaged over the products.
        [GraphPrecision.Float16] = ("MatMul", 0.002),
        [GraphPrecision.Int8] = ("DynamicQuantizeMatMul", 0.02),
        [GraphPrecision.Weights8] = ("MatMulNBits", 0.01),
        [GraphPrecision.Weights4] = ("MatMulNBits", 0.12),
    };

    public static TheoryData<GraphPrecision> Precisions => [.. Expected.Keys];

    [Theory, MemberData(nameof(Precisions))]
    public void Convert_TwoLayers_StaysNear(GraphPrecision precision)
    {
        OnnxModel model = Layers(), converted = model.Copy();

        PrecisionReport report = PrecisionConversion.Convert(converted, new PrecisionOptions { Precision = precision });

        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, "N=6");
        OutputDifference difference = OutputDifference.Between(OnnxRun.Run(model, inputs), OnnxRun.Run(converted, inputs));
        Assert.InRange(difference.RelativeRms, 1e-6, Expected[precision].Error);
        Assert.Contains("/first/MatMul", report.Converted);
        Assert.True(report.InitializerBytesAfter < report.InitializerBytesBefore * 0.52);
        Assert.Equal(precision == GraphPrecision.Float16 ? 2 : 3, PassAssert.Count(converted, Expected[precision].Operator));
        Assert.Equal(model.Graph.Inputs.Concat(model.Graph.Outputs).Select(value => value.ToString()), converted.Graph.Inputs.Concat(converted.Graph.Outputs).Select(value => value.ToString()));
    }

    [Theory, MemberData(nameof(Precisions))]
    public void Convert_NodeAskedToStay_Stays(GraphPrecision precision)
    {
        OnnxModel model = Layers(), converted = model.Copy();

        PrecisionReport report = PrecisionConversion.Convert(converted, new PrecisionOptions { Precision = precision, KeepNames = ["/first/*"] });

        Assert.Contains("/first/MatMul", report.Kept);
        Assert.DoesNotContain("/first/MatMul", report.Converted);
        Assert.Equal(OnnxElementType.Float32, converted.Graph.Initializers.Find("first")!.ElementType);
        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, "N=6");
        Assert.InRange(OutputDifference.Between(OnnxRun.Run(model, inputs), OnnxRun.Run(converted, inputs)).RelativeRms, 1e-6, Expected[precision].Error);
    }

    [Fact]
    public void Convert_Int8_KeepsTheBiasInside()
    {
        OnnxModel model = Layers();

        PrecisionConversion.Convert(model, new PrecisionOptions { Precision = GraphPrecision.Int8 });

        OnnxNode first = model.Graph.Nodes[0];
        Assert.Equal(("DynamicQuantizeMatMul", "/first/MatMul", 5), (first.OpType, first.Name, first.Inputs.Count));
        Assert.Equal(OnnxElementType.Int8, model.Graph.Initializers.Find(first.Inputs[1])!.ElementType);
        Assert.DoesNotContain(model.Graph.Nodes, node => node.OpType == "Add");
    }

    [Fact]
    public void Convert_SmallWeights_AreLeftAlone()
    {
        OnnxModel model = Layers();

        PrecisionReport report = PrecisionConversion.Convert(model, new PrecisionOptions { Precision = GraphPrecision.Int8, SmallestWeight = 1 << 20 });

        Assert.Empty(report.Converted);
    }

    [Theory, InlineData(GraphPrecision.Weights4), InlineData(GraphPrecision.Weights8)]
    public void Convert_ColumnsThatFillNoBlock_ArePadded(GraphPrecision precision)
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 100);
            g.Output(g.Rename(g.Add("MatMul", ["x", g.Constant<float>("w", Numbers.Between(1, 100 * 48), 100, 48)]), "y"), OnnxElementType.Float32, "N", 48);
        });
        OnnxModel converted = model.Copy();

        PrecisionConversion.Convert(converted, new PrecisionOptions { Precision = precision });

        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, "N=6");
        Assert.InRange(OutputDifference.Between(OnnxRun.Run(model, inputs), OnnxRun.Run(converted, inputs)).RelativeRms, 1e-6, Expected[precision].Error);
    }

    [Theory, InlineData(GraphPrecision.Int8), InlineData(GraphPrecision.Weights8), InlineData(GraphPrecision.Weights4)]
    public void Convert_WeightsStoredInHalfPrecision_AreQuantisedAsWell(GraphPrecision precision)
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 256);
            string stored = g.Constant<Half>("w", Array.ConvertAll(Numbers.Between(1, 256 * 256), value => (Half)value), 256, 256);
            g.Output(g.Rename(g.Add("MatMul", ["x", g.Add("Cast", [stored], OnnxAttribute.Create("to", 1))]), "y"), OnnxElementType.Float32, "N", 256);
        });
        OnnxModel converted = model.Copy();

        PrecisionReport report = PrecisionConversion.Convert(converted, new PrecisionOptions { Precision = precision });

        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, "N=6");
        Assert.Equal<string>(["MatMul"], report.Converted);
        Assert.Null(converted.Graph.Initializers.Find("w"));
        Assert.InRange(OutputDifference.Between(OnnxRun.Run(model, inputs), OnnxRun.Run(converted, inputs)).RelativeRms, 1e-6, Expected[precision].Error);
    }

    [Fact]
    public void Convert_WeightsOfWholeSteps_AreExact()
    {
        // Every column has an element of the largest magnitude and whole multiples of its step.
        float[] weights = [.. Enumerable.Range(0, 64 * 64).Select(i => i < 64 ? 1.27f : 0.01f * ((i % 255) - 127))];
        OnnxTensor weight = OnnxTensor.Create<float>("w", weights, 64, 64);

        QuantizedWeight columns = QuantizedWeight.Columns(weight, transposed: false, reducedRange: false);

        sbyte[] bytes = columns.Tensors[0].ToArray<sbyte>();
        float[] scales = columns.Tensors[1].ToArray<float>();
        NumericAssert.Close<float>(weights, [.. bytes.Select((value, i) => value * scales[i % 64])], Tolerance.Fp32Accumulate(1));
    }

    [Fact]
    public void Convert_Float16_KeepsTinyNumbersAndBounds()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N");
            string masked = g.Add("Max", [g.Add("Mul", ["x", g.Number(0)]), g.Constant<float>("lowest", [float.MinValue])]);
            g.Output(g.Rename(g.Add("Reciprocal", [g.Add("Add", [masked, g.Number(1e-12f)])]), "y"), OnnxElementType.Float32, "N");
        });

        PrecisionConversion.Convert(model, new PrecisionOptions { Precision = GraphPrecision.Float16 });

        Assert.All(model.Graph.Initializers, tensor => Assert.True(tensor.ElementType != OnnxElementType.Float16 || tensor.ToArray<Half>().All(Half.IsFinite)));
        Assert.Contains(model.Graph.Initializers, tensor => tensor.ElementType == OnnxElementType.Float16 && tensor.ToArray<Half>()[0] == Half.Epsilon);
    }

    [Fact]
    public void Convert_Float16WithInnerGraphs_KeepsThemInSinglePrecision()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N");
            g.Input("flag", OnnxElementType.Bool);
            string half = g.Add("Mul", ["x", g.Number(2)]);
            OnnxGraph Inner(string op)
            {
                GraphBuilder inner = new(new OnnxGraph(op), "/" + op);
                inner.Output(inner.Add(op, [half]), OnnxElementType.Float32, "N");
                return inner.Graph;
            }

            string picked = g.Add("If", ["flag"], OnnxAttribute.Create("then_branch", Inner("Abs")), OnnxAttribute.Create("else_branch", Inner("Neg")));
            g.Output(g.Rename(g.Add("Add", [picked, half]), "y"), OnnxElementType.Float32, "N");
        });
        OnnxModel converted = model.Copy();

        PrecisionConversion.Convert(converted, new PrecisionOptions { Precision = GraphPrecision.Float16 });

        PassAssert.Same(model, converted, PassAssert.Inputs(model, "N=4"), new Tolerance("half precision", 1e-3, 1e-3));
    }

    [SkippableTheory, MemberData(nameof(Precisions))]
    [Trait("Tier", "Model")]
    public void Convert_ShippedTransformer_StaysNear(GraphPrecision precision)
    {
        OnnxModel model = ShippedPack.Load("transformer");
        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, "B=2 f=3 h=8 w=12 S=20");
        GraphOptimizer.Optimize(model, new OptimizationOptions());
        OnnxModel converted = model.Copy();

        PrecisionReport report = PrecisionConversion.Convert(converted, new PrecisionOptions { Precision = precision });

        OutputDifference difference = OutputDifference.Between(OnnxRun.Run(model, inputs), OnnxRun.Run(converted, inputs));
        Assert.NotEmpty(report.Converted);
        Assert.InRange(difference.RelativeRms, 1e-7, 4 * Expected[precision].Error);
    }

    private static OnnxModel Layers() => TinyModels.Build(g =>
    {
        g.Input("x", OnnxElementType.Float32, "N", 128);
        GraphBuilder first = new(g.Graph, "/first"), second = new(g.Graph, "/second");
        g.Graph.Initializers.Set(OnnxTensor.Create<float>("first", Numbers.Between(1, 128 * 256), 128, 256));
        g.Graph.Initializers.Set(OnnxTensor.Create<float>("second", Numbers.Between(2, 256 * 64), 256, 64));
        g.Graph.Initializers.Set(OnnxTensor.Create<float>("third", Numbers.Between(3, 64 * 64), 64, 64));
        string h = first.Add("Tanh", [first.Add("Add", [first.Add("MatMul", ["x", "first"]), first.Constant<float>("bias", Numbers.Between(4, 256), 256)])]);
        h = second.Add("MatMul", [h, "second"]);
        h = second.Add("Gemm", [h, "third", second.Constant<float>("bias", Numbers.Between(5, 64), 64)], OnnxAttribute.Create("transB", 1));
        g.Output(g.Rename(h, "y"), OnnxElementType.Float32, "N", 64);
    });
}
