using System.Numerics.Tensors;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Stages;

/// <summary>Prompts become features: tokenizer graph, then text encoder graph.</summary>
internal sealed class TextStage(GraphSession tokenizer, GraphSession encoder, int maxTokens)
{
    /// <summary>Turns the prompts into token ids and refuses those that the encoder cannot read whole.</summary>
    /// <param name="prompts">One text for each branch.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <returns>Token ids and mask, [G, S] int64 each; the caller disposes them.</returns>
    /// <exception cref="InvalidRequestException">A prompt has more tokens than the encoder reads.</exception>
    public GraphOutputs Tokenize(IReadOnlyList<string> prompts, CancellationToken cancellationToken)
    {
        using StringTensor text = StringTensor.From([.. prompts]);
        GraphOutputs tokens = tokenizer.Run(new Dictionary<string, GraphTensor> { ["text"] = text }, cancellationToken);
        try
        {
            HostTensor mask = tokens["attention_mask"];
            int width = (int)mask.Shape[1];
            List<string> problems = [];
            for (int row = 0; row < prompts.Count; row++)
            {
                long count = TensorPrimitives.Sum<long>(mask.AsSpan<long>().Slice(row * width, width));
                if (count > maxTokens)
                {
                    problems.Add($"Prompt must be at most {maxTokens} tokens, but has {count}. Shorten it.");
                }
            }

            return problems.Count == 0 ? tokens : throw new InvalidRequestException(problems);
        }
        catch
        {
            tokens.Dispose();
            throw;
        }
    }

    /// <summary>Encodes token ids.</summary>
    /// <param name="tokens">What <see cref="Tokenize"/> gave; borrowed.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>The features; the caller disposes them.</returns>
    public TextCondition Encode(GraphOutputs tokens, CancellationToken cancellationToken)
    {
        HostTensor ids = Copy(tokens["input_ids"]), mask = Copy(tokens["attention_mask"]);
        HostTensor shots = HostTensor.Allocate(ElementType.Int64, [.. mask.Shape]);
        shots.AsSpan<long>().Clear();
        try
        {
            using GraphOutputs outputs = encoder.Run(
                encoder.Contract.PickInputs(("input_ids", ids), ("attention_mask", mask), ("shot_ids", shots)), cancellationToken);
            return new TextCondition(Copy(outputs["last_hidden_state"]), mask, shots);
        }
        catch
        {
            mask.Dispose();
            shots.Dispose();
            throw;
        }
        finally
        {
            ids.Dispose();
        }
    }

    private static HostTensor Copy(HostTensor tensor) => tensor.ElementType == ElementType.Int64
        ? HostTensor.From<long>(tensor.AsSpan<long>(), [.. tensor.Shape])
        : HostTensor.From<float>(tensor.AsSpan<float>(), [.. tensor.Shape]);
}
