using System.Numerics.Tensors;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Stages;

/// <summary>Prompts become features: one text graph, or tokenizer and text encoder one after the other.</summary>
/// <param name="tokenizer">The tokenizer; null where it is part of the encoder's graph. Borrowed.</param>
/// <param name="encoder">The text encoder, or the text graph; borrowed.</param>
/// <param name="maxTokens">The most tokens of a prompt.</param>
internal sealed class TextStage(GraphSession? tokenizer, GraphSession encoder, int maxTokens)
{
    /// <summary>Turns the prompts into features.</summary>
    /// <param name="prompts">One text for each branch.</param>
    /// <param name="cancellationToken">Stops a run between two nodes.</param>
    /// <returns>The features; the caller disposes them.</returns>
    /// <exception cref="InvalidRequestException">A prompt has more tokens than the encoder reads.</exception>
    public TextCondition Run(IReadOnlyList<string> prompts, CancellationToken cancellationToken)
    {
        using StringTensor text = StringTensor.From([.. prompts]);
        GraphOutputs tokens = (tokenizer ?? encoder).Run(new Dictionary<string, GraphTensor>(StringComparer.Ordinal) { ["text"] = text }, cancellationToken);
        HostTensor? shots = null;
        try
        {
            RequireShort(tokenizer is null ? tokens[ComposedTensors.TokenCount].AsSpan<long>() : CountTokens(tokens["attention_mask"]));
            HostTensor mask = tokens["attention_mask"];
            shots = HostTensor.Allocate(ElementType.Int64, [.. mask.Shape]);
            shots.AsSpan<long>().Clear();
            GraphOutputs features = tokenizer is null
                ? tokens
                : encoder.Run(encoder.Contract.PickInputs(("input_ids", tokens["input_ids"]), ("attention_mask", mask), ("shot_ids", shots)), cancellationToken);
            return new TextCondition(tokens, features, shots);
        }
        catch
        {
            tokens.Dispose();
            shots?.Dispose();
            throw;
        }
    }

    private static long[] CountTokens(HostTensor mask)
    {
        int width = (int)mask.Shape[1];
        long[] counts = new long[mask.Shape[0]];
        for (int row = 0; row < counts.Length; row++)
        {
            counts[row] = TensorPrimitives.Sum<long>(mask.AsSpan<long>().Slice(row * width, width));
        }

        return counts;
    }

    /// <summary>Refuses prompts that the encoder cannot read whole.</summary>
    private void RequireShort(ReadOnlySpan<long> counts)
    {
        List<string> problems = [];
        foreach (long count in counts)
        {
            if (count > maxTokens)
            {
                problems.Add($"Prompt must be at most {maxTokens} tokens, but has {count}. Shorten it.");
            }
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }
}
