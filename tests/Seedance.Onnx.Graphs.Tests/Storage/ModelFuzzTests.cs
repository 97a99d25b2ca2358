using Seedance.Onnx.Graphs.Inspection;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Storage;

[Trait("Tier", "Unit")]
public sealed class ModelFuzzTests
{
    private const int Files = 10_000;

    // A file of a few kilobytes may take this much; reading alone stays far below.
    private const long MostAllocatedBytes = 64 << 20;

    [Fact]
    public void Parse_MutatedFiles_AreReadOrRefused()
    {
        byte[][] seeds = Seeds();
        int read = 0;
        for (int i = 0; i < Files; i++)
        {
            byte[] bytes = Mutate(seeds[i % seeds.Length], (uint)i);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                OnnxModel model = OnnxModel.Parse(bytes, options: new OnnxReadOptions { LargeTensorBytes = 64 });
                read++;
                GraphSummary.Of(model);
                ShapeInference.Run(model);
                OnnxModel again = OnnxModel.Parse(model.ToBytes());
                Assert.Equal(model.Graph.Nodes.Count, again.Graph.Nodes.Count);
                if (model.Opsets.Version <= OpsetImports.NewestKnown)
                {
                    GraphOptimizer.Optimize(model, new OptimizationOptions());
                }
            }
            catch (ModelFileException)
            {
                // Refused with a text: what a damaged file is to get.
            }
            catch (Exception error)
            {
                Assert.Fail($"File {i}: {error}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= MostAllocatedBytes, $"File {i} of {bytes.Length} bytes must take at most {MostAllocatedBytes} bytes, but took {allocated}.");
        }

        // Both ways must have been tried.
        Assert.InRange(read, Files / 20, Files - (Files / 20));
    }

    private static byte[][] Seeds() =>
    [
        TinyModels.Branch().ToBytes(),
        AttentionModels.Build("query", "keys", "projections").ToBytes(),
        AttentionModels.Build("scores", "where", "heads").ToBytes(),
        Functions.Model().ToBytes(),
        Tiny("tests/Shared/tiny-pack/transformer/model.onnx"),
        Tiny("tests/Shared/tiny-pack/text_encoder/model.onnx"),
        Tiny("tests/Shared/tiny-pack/vae_decoder/model.onnx"),
        Tiny("tests/Seedance.Onnx.Ort.Tests/graphs/repeat.onnx"),
    ];

    private static byte[] Tiny(string file) => File.ReadAllBytes(RepositoryFolder.PathOf(file.Split('/')));

    /// <summary>One to four changes: a bit, a byte, a run of bytes removed, repeated or swapped for others, or the end cut off.</summary>
    private static byte[] Mutate(byte[] seed, uint number)
    {
        uint state = (number * 2654435761u) + 12345;
        int Next(int below)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            return (int)(state % (uint)below);
        }

        List<byte> bytes = [.. seed];
        for (int changes = Next(4) + 1; changes > 0 && bytes.Count > 8; changes--)
        {
            int at = Next(bytes.Count), length = Math.Min(Next(16) + 1, bytes.Count - at);
            switch (Next(7))
            {
                case 0: bytes[at] ^= (byte)(1 << Next(8)); break;
                case 1: bytes[at] = (byte)Next(256); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break;
                case 5: bytes.Insert(at, 0xFF); break;
                default: bytes[at] = (byte)(bytes[at] + 1); break;
            }
        }

        return [.. bytes];
    }
}
