using System.Text.Json;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The tokenizer graph of the shipped pack against SentencePiece itself, as export-scripts/export_pack.py recorded it.</summary>
[Trait("Tier", "Model")]
public sealed class TokenizerModelTests
{
    [Fact]
    public void Run_RecordedTexts_GivesTheSameTokens()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(RepositoryFolder.PathOf("tests", "Seedance.Onnx.Tests", "reference", "tokens.json")));
        (string Text, long[] Ids)[] recorded = [.. json.RootElement.EnumerateArray().Select(
            entry => (entry.GetProperty("text").GetString()!, entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt64()).ToArray()))];
        ModelPack pack = ModelPack.Open(ReferenceRun.Pack);
        using GraphSession session = GraphSession.Open(pack.Folder, pack.Contract.FindGraph(GraphRoles.Tokenizer)!, ExecutionTarget.Cpu);
        using StringTensor texts = StringTensor.From([.. recorded.Select(entry => entry.Text)]);

        using GraphOutputs outputs = session.Run(new Dictionary<string, GraphTensor> { ["text"] = texts });

        HostTensor ids = outputs["input_ids"], mask = outputs["attention_mask"];
        int width = (int)ids.Shape[1];
        Assert.True(recorded.Length > 10);
        for (int row = 0; row < recorded.Length; row++)
        {
            int length = recorded[row].Ids.Length;
            Assert.Equal(recorded[row].Ids, ids.AsSpan<long>().Slice(row * width, length).ToArray());
            Assert.Equal(length, mask.AsSpan<long>().Slice(row * width, width).ToArray().Sum());
        }
    }
}
