using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Storage;

[Trait("Tier", "Unit")]
public sealed class ExternalDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Save_OverTheLimit_PutsLargeTensorsBeside()
    {
        OnnxModel model = TinyModels.Linear();

        model.Save(_folder.PathOf("m.onnx"), new OnnxWriteOptions { InlineLimitBytes = 1000, ExternalTensorBytes = 1000 });

        OnnxModel loaded = OnnxModel.Load(_folder.PathOf("m.onnx"));
        OnnxTensor weight = loaded.Graph.Initializers.Find("weight")!;
        Assert.Equal(_folder.PathOf("m.onnx.data"), weight.File);
        Assert.Null(loaded.Graph.Initializers.Find("bias")!.File);
        Assert.Equal(model.Graph.Initializers.Find("weight")!.ToArray<float>(), weight.ToArray<float>());
        Assert.Equal(model.ToBytes(), loaded.ToBytes());
        Assert.True(new FileInfo(_folder.PathOf("m.onnx")).Length < 2000);
    }

    [Fact]
    [Trait("Tier", "Graph")]
    public void Save_ExternalData_IsReadByOnnxRuntime()
    {
        OnnxModel model = TinyModels.Linear();
        Dictionary<string, OnnxTensor> inputs = new(StringComparer.Ordinal) { ["x"] = Numbers.Tensor(3, 2, 64) };

        model.Save(_folder.PathOf("m.onnx"), new OnnxWriteOptions { InlineLimitBytes = 0, ExternalTensorBytes = 1, ExternalFileName = "values.bin" });

        Assert.True(File.Exists(_folder.PathOf("values.bin")));
        Assert.Equal(OnnxRun.Run(model, inputs)["y"].ToArray<float>(), OnnxRun.Run(_folder.PathOf("m.onnx"), inputs)["y"].ToArray<float>());
    }

    [Fact]
    public void Save_OverAFileThatIsStillRead_IsRefused()
    {
        OnnxWriteOptions external = new() { InlineLimitBytes = 0 };
        TinyModels.Linear().Save(_folder.PathOf("inline.onnx"));
        TinyModels.Linear().Save(_folder.PathOf("external.onnx"), external);

        ModelFileException inline = Assert.Throws<ModelFileException>(() => OnnxModel.Load(_folder.PathOf("inline.onnx")).Save(_folder.PathOf("inline.onnx")));
        ModelFileException beside = Assert.Throws<ModelFileException>(() => OnnxModel.Load(_folder.PathOf("external.onnx")).Save(_folder.PathOf("external.onnx"), external));

        Assert.Contains("Save the model under another name", inline.Message, StringComparison.Ordinal);
        Assert.Contains("external.onnx.data", beside.Message, StringComparison.Ordinal);
        Assert.Equal(128, OnnxModel.Load(_folder.PathOf("external.onnx")).Graph.Initializers.Find("bias")!.ElementCount);
    }

    [Fact]
    public void Read_FileChangedSinceItWasOpened_IsRefused()
    {
        TinyModels.Linear().Save(_folder.PathOf("m.onnx"));
        OnnxTensor weight = OnnxModel.Load(_folder.PathOf("m.onnx")).Graph.Initializers.Find("weight")!;

        File.AppendAllText(_folder.PathOf("m.onnx"), "x");

        ModelFileException error = Assert.Throws<ModelFileException>(() => weight.ToArray<float>());
        Assert.Contains("changed", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone.bin", null, null, "there is no such file")]
    [InlineData("", null, null, "names none")]
    [InlineData("../outside.bin", null, null, "inside the model's folder")]
    [InlineData("sub/../../outside.bin", null, null, "inside the model's folder")]
    [InlineData("/etc/hostname", null, null, "inside the model's folder")]
    [InlineData("a\0b", null, null, "inside the model's folder")]
    [InlineData("link.bin", null, null, "a link that leads out")]
    [InlineData("folder-link/outside.bin", null, null, "a link that leads out")]
    [InlineData("values.bin", "-1", null, "whole number as offset")]
    [InlineData("values.bin", "x", null, "whole number as offset")]
    [InlineData("values.bin", "99", null, "must begin inside")]
    [InlineData("values.bin", "4", "16", "ends at 16")]
    [InlineData("values.bin", "0", "8", "must have 4 elements of float32 (16 bytes), but has 8")]
    public void Load_ExternalDataThatCannotBe_IsRefused(string location, string? offset, string? length, string problem)
    {
        string inside = Directory.CreateDirectory(_folder.PathOf("in")).FullName;
        File.WriteAllBytes(Path.Combine(inside, "values.bin"), new byte[16]);
        File.WriteAllBytes(_folder.PathOf("outside.bin"), new byte[16]);
        File.CreateSymbolicLink(Path.Combine(inside, "link.bin"), _folder.PathOf("outside.bin"));
        Directory.CreateSymbolicLink(Path.Combine(inside, "folder-link"), _folder.Path);
        string path = Path.Combine(inside, "m.onnx");
        File.WriteAllBytes(path, Model(location, offset, length).ToByteArray());

        ModelFileException error = Assert.Throws<ModelFileException>(() => OnnxModel.Load(path));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("'w'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_LinkInsideTheFolder_IsFollowed()
    {
        File.WriteAllBytes(_folder.PathOf("values.bin"), new byte[16]);
        File.CreateSymbolicLink(_folder.PathOf("link.bin"), "values.bin");
        File.WriteAllBytes(_folder.PathOf("m.onnx"), Model("link.bin", null, null).ToByteArray());

        OnnxModel model = OnnxModel.Load(_folder.PathOf("m.onnx"));

        Assert.Equal(new float[4], model.Graph.Initializers.Find("w")!.ToArray<float>());
    }

    [Fact]
    public void Parse_ExternalData_IsRefused()
    {
        ModelFileException error = Assert.Throws<ModelFileException>(() => OnnxModel.Parse(Model("values.bin", null, null).ToByteArray()));

        Assert.Contains("Open the file itself", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static ModelProto Model(string location, string? offset, string? length)
    {
        TensorProto tensor = new() { Name = "w", DataType = 1, Dims = { 4 }, DataLocation = TensorProto.Types.DataLocation.External };
        foreach ((string key, string? value) in new[] { ("location", location), ("offset", offset), ("length", length) })
        {
            if (value is not null)
            {
                tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
            }
        }

        return new ModelProto { OpsetImport = { new OperatorSetIdProto { Version = 18 } }, Graph = new GraphProto { Name = "g", Initializer = { tensor } } };
    }
}
