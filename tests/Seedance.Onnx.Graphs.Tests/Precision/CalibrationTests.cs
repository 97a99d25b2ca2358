using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Graphs.Running;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Precision;

[Trait("Tier", "Graph")]
public sealed class CalibrationTests
{
    [Fact]
    public void FindOverflows_LargeValuesInBetween_NamesTheirNodes()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N");
            string large = g.Add("Mul", ["x", g.Number(1000)]);
            large = g.Add("Mul", [large, large]);
            g.Output(g.Rename(g.Add("Neg", [g.Add("Sqrt", [large])]), "y"), OnnxElementType.Float32, "N");
        });

        ImmutableArray<string> overflows = Calibration.FindOverflows(model, OnnxRun.Run, [PassAssert.Inputs(model, "N=8")]);

        Assert.Equal<string>(["Mul_1", "Sqrt"], overflows);
        // The processor's kernels may compute in single precision in between; what is asked for is what the graph says.
        PrecisionReport report = PrecisionConversion.Convert(model, new PrecisionOptions { Precision = GraphPrecision.Float16, KeepNames = overflows });
        Assert.Equal<string>(["Mul_1", "Sqrt"], report.Kept);
        Assert.Equal(4, PassAssert.Count(model, "Cast"));
    }

    [Fact]
    public void FindOverflows_LargeWeightsOfSmallValues_NamesTheirNodesButNoMask()
    {
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 2);
            string scaled = g.Add("Mul", ["x", g.Number(1000)]);
            string[] statistics = [g.Constant<float>("scale", [1, 1], 2), g.Constant<float>("shift", [0, 0], 2), g.Constant<float>("mean", [0, 0], 2), g.Constant<float>("variance", [1e8f, 4e8f], 2)];
            string normal = g.Add("BatchNormalization", [scaled, .. statistics]);
            g.Output(g.Rename(g.Add("Max", [normal, g.Constant<float>("lowest", [float.MinValue])]), "y"), OnnxElementType.Float32, "N", 2);
        });
        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, "N=8");

        ImmutableArray<string> overflows = Calibration.FindOverflows(model, OnnxRun.Run, [inputs]);

        Assert.Equal<string>(["BatchNormalization"], overflows);
        OnnxModel blind = model.Copy(), kept = model.Copy();
        PrecisionConversion.Convert(blind, new PrecisionOptions { Precision = GraphPrecision.Float16 });
        PrecisionConversion.Convert(kept, new PrecisionOptions { Precision = GraphPrecision.Float16, KeepNames = overflows });
        IReadOnlyDictionary<string, OnnxTensor> expected = OnnxRun.Run(model, inputs);
        Assert.InRange(OutputDifference.Between(expected, OnnxRun.Run(blind, inputs)).RelativeRms, 1, 1e3);
        Assert.InRange(OutputDifference.Between(expected, OnnxRun.Run(kept, inputs)).RelativeRms, 0, 0.002);
    }

    [Fact]
    public void MeasureSensitivity_OneFragileLayer_ComesFirst()
    {
        // One column with a huge element beside small ones: a scale for it leaves nothing of the small ones.
        OnnxModel model = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, "N", 64);
            float[] fragile = [.. Numbers.Between(1, 64 * 64).Select((value, i) => i / 64 == 3 ? 1000 : value)];
            string masked = g.Add("Mul", ["x", g.Constant<float>("mask", [.. Enumerable.Range(0, 64).Select(i => i == 3 ? 0f : 1f)], 64)]);
            string h = masked;
            foreach ((string name, float[] weight) in new[] { ("sturdy", Numbers.Between(2, 64 * 64)), ("fragile", fragile), ("other", Numbers.Between(3, 64 * 64)) })
            {
                string product = new GraphBuilder(g.Graph, "/" + name).Add("MatMul", [name == "fragile" ? masked : h, g.Constant<float>(name, weight, 64, 64)]);
                h = h == masked ? product : g.Add("Add", [h, product]);
            }

            g.Output(g.Rename(h, "y"), OnnxElementType.Float32, "N", 64);
        });

        ImmutableArray<NodeSensitivity> ranking = Calibration.MeasureSensitivity(model, new PrecisionOptions { Precision = GraphPrecision.Int8 }, OnnxRun.Run, [PassAssert.Inputs(model, "N=8")]);

        Assert.Equal(3, ranking.Length);
        Assert.Equal("/fragile/MatMul", ranking[0].Node);
        Assert.True(ranking[0].RelativeError > 5 * ranking[1].RelativeError);
    }

    [Fact]
    public void MeasureSensitivity_NoSamples_IsRefused() =>
        Assert.Throws<ArgumentException>(() => Calibration.MeasureSensitivity(TinyModels.Linear(), new PrecisionOptions { Precision = GraphPrecision.Int8 }, OnnxRun.Run, []));
}
