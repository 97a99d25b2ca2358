using System.Text;
using Seedance.Onnx.Graphs.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Running;

[Trait("Tier", "Unit")]
public sealed class NpyFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, "<f4", "(2, 3)", OnnxElementType.Float32, 24)]
    [InlineData(2, "<i8", "(5,)", OnnxElementType.Int64, 40)]
    [InlineData(3, "|b1", "()", OnnxElementType.Bool, 1)]
    [InlineData(1, "<f2", "(0, 4)", OnnxElementType.Float16, 0)]
    public void Read_EveryVersion_GivesTypeShapeAndBytes(int version, string type, string shape, OnnxElementType expected, int bytes)
    {
        byte[] values = [.. Enumerable.Range(1, bytes).Select(i => (byte)i)];

        OnnxTensor tensor = NpyFile.Read(Write(version, $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}   \n", values), "x");

        Assert.Equal(("x", expected), (tensor.Name, tensor.ElementType));
        Assert.Equal(shape, tensor.Dimensions.Length == 1 ? $"({tensor.Dimensions[0]},)" : $"({string.Join(", ", tensor.Dimensions)})");
        Assert.Equal(values, tensor.ToBytes());
    }

    [Theory]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4, "little-endian")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", 4, "C order")]
    [InlineData("{'descr': '<U8', 'fortran_order': False, 'shape': (1,), }", 4, "numbers or truth values")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4, "must have 8 bytes, but has 4")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3037000500, 3037000500, 8), }", 4, "must be a readable .npy file")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1 2,), }", 4, "must be a readable .npy file")]
    public void Read_WhatNoTensorHolds_IsRefused(string header, int bytes, string problem)
    {
        ModelFileException error = Assert.Throws<ModelFileException>(() => NpyFile.Read(Write(1, header + "\n", new byte[bytes]), "x"));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AnyCutOrOtherFile_IsRefused()
    {
        byte[] whole = File.ReadAllBytes(Write(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", new byte[8]));
        string cut = _folder.PathOf("cut.npy");
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(cut, whole[..length]);
            Assert.Throws<ModelFileException>(() => NpyFile.Read(cut, "x"));
        }

        Assert.Throws<ModelFileException>(() => NpyFile.Read(_folder.PathOf("none.npy"), "x"));
    }

    private string Write(int version, string header, byte[] values)
    {
        string path = _folder.PathOf("x.npy");
        byte[] text = Encoding.UTF8.GetBytes(header), length = BitConverter.GetBytes(text.Length);
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, (byte)version, 0, .. length[..(version == 1 ? 2 : 4)], .. text, .. values]);
        return path;
    }
}
