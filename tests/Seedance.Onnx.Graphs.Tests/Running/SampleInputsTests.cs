using Seedance.Onnx.Graphs.Running;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Running;

[Trait("Tier", "Graph")]
public sealed class SampleInputsTests
{
    [Fact]
    public void Create_BoundAxes_FitsTheModel()
    {
        OnnxModel model = OnnxModel.Load(RepositoryFolder.PathOf("tests", "Shared", "tiny-pack", "transformer", "model.onnx"));
        ShapeBindings bindings = ShapeBindings.None.WithAxis("B", 2).WithAxis("f", 1).WithAxis("h", 2).WithAxis("w", 2).WithAxis("S", 3);

        IReadOnlyDictionary<string, OnnxTensor> inputs = SampleInputs.Create(model, bindings, seed: 1);

        Assert.NotEmpty(OnnxRun.Run(model, inputs));
        float[] hidden = inputs["hidden_states"].ToArray<float>();
        Assert.All(hidden, value => Assert.InRange(value, -1, 1));
        Assert.Equal(hidden.Length, hidden.Distinct().Count());
        Assert.Equal(hidden, SampleInputs.Create(model, bindings, seed: 1)["hidden_states"].ToArray<float>());
        Assert.NotEqual(hidden, SampleInputs.Create(model, bindings, seed: 2)["hidden_states"].ToArray<float>());
    }

    [Fact]
    public void Create_AxisThatIsNotBound_IsRefused()
    {
        ModelFileException error = Assert.Throws<ModelFileException>(() => SampleInputs.Create(TinyModels.Linear(), ShapeBindings.None));

        Assert.Contains("input 'x' must have known axes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Between_DifferencesOfEveryKind_AreMeasured()
    {
        Dictionary<string, OnnxTensor> Outputs(params float[] values) => new(StringComparer.Ordinal) { ["y"] = OnnxTensor.Create<float>("y", values, values.Length) };

        Assert.Equal(new OutputDifference(0, 0, ""), OutputDifference.Between(Outputs(1, float.NaN, float.PositiveInfinity), Outputs(1, float.NaN, float.PositiveInfinity)));
        Assert.Equal(new OutputDifference(2, 0.4, "y"), OutputDifference.Between(Outputs(3, 4), Outputs(3, 2)));
        Assert.True(double.IsNaN(OutputDifference.Between(Outputs(3, 4), Outputs(3, float.NaN)).LargestAbsolute));
        Assert.Equal(double.PositiveInfinity, OutputDifference.Between(Outputs(3, 4), Outputs(3)).LargestAbsolute);
        Assert.Equal(double.PositiveInfinity, OutputDifference.Between(Outputs(3, 4), new Dictionary<string, OnnxTensor>(StringComparer.Ordinal)).LargestAbsolute);
    }
}
