using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>A transformer that takes latents and a prompt, by its dimensions.</summary>
public sealed record TransformerShape
{
    /// <summary>Latent frames, rows and columns that make one token.</summary>
    public required (int Frames, int Rows, int Columns) Patch { get; init; }

    /// <summary>Channels that go in: noisy latents, and whatever is given besides.</summary>
    public required int InputChannels { get; init; }

    /// <summary>Channels of the velocity.</summary>
    public required int OutputChannels { get; init; }

    /// <summary>S: tokens of the prompt.</summary>
    public required int TextTokens { get; init; }

    /// <summary>Features of the prompt's tokens as the text encoder makes them.</summary>
    public required int TextWidth { get; init; }

    /// <summary>How often it is run with other latents.</summary>
    public required int Steps { get; init; }

    /// <summary>The rows of its batch in a step: 2 with classifier-free guidance, 1 for a model that was distilled to do without.</summary>
    public required int Branches { get; init; }

    /// <summary>Its blocks.</summary>
    public required ImmutableArray<BlockShape> Blocks { get; init; }

    /// <summary>The numbers in its weights.</summary>
    public double Parameters => Blocks.Sum(block => block.Parameters) + ((double)Blocks[0].Width * ((PatchSize * (InputChannels + OutputChannels)) + TextWidth));

    private int PatchSize => Patch.Frames * Patch.Rows * Patch.Columns;

    /// <summary>The tokens of latents.</summary>
    /// <param name="latents">[C, f, h, w]; axes that the patch does not divide are filled up.</param>
    /// <returns>The grid.</returns>
    public TokenGrid GridOf(LatentShape latents) => new(Pieces(latents.Frames, Patch.Frames), Pieces(latents.Height, Patch.Rows), Pieces(latents.Width, Patch.Columns), TextTokens);

    /// <summary>What one row of the batch does in one step.</summary>
    /// <param name="latents">[C, f, h, w].</param>
    /// <returns>The stage's work.</returns>
    public StageWork PassOf(LatentShape latents)
    {
        TokenGrid grid = GridOf(latents);
        double width = Blocks[0].Width, ends = grid.Video * width * PatchSize * (InputChannels + OutputChannels), text = grid.Text * width * TextWidth;
        OperatorWork outside = new(OperatorClass.Gemm, 2 * (ends + text), (grid.Video * 4 * width) + (grid.Text * (width + TextWidth)), 0, 8);
        return new StageWork(StageWork.Denoise, [outside, .. Blocks.SelectMany(block => block.WorkOf(grid))], Parameters, Blocks.Max(block => block.LiveValuesOf(grid)));
    }

    internal static TransformerShape Read(JsonFields fields)
    {
        TransformerShape shape = new()
        {
            Patch = ReadPatch(fields),
            InputChannels = fields.Whole("input_channels", 1, 1 << 16),
            OutputChannels = fields.Whole("output_channels", 1, 1 << 16),
            TextTokens = fields.Whole("text_tokens", 0, 1 << 20),
            TextWidth = fields.Whole("text_width", 0, 1 << 20),
            Steps = fields.Whole("steps", 1, 10_000),
            Branches = fields.Whole("branches", 1, 16),
            Blocks = [.. fields.FieldsList("blocks").Select(BlockShape.Read)],
        };
        fields.Close();
        return shape;
    }

    private static (int Frames, int Rows, int Columns) ReadPatch(JsonFields fields)
    {
        ImmutableArray<int> patch = fields.List<int>("patch", "a whole number from 1", item => item.TryGetInt32(out int side) && side is > 0 and < 1 << 16 ? side : null);
        if (patch.Length != 3)
        {
            fields.Report("patch", "three numbers: frames, rows and columns");
            return (1, 1, 1);
        }

        return (patch[0], patch[1], patch[2]);
    }

    private static int Pieces(int length, int size) => (length + size - 1) / size;
}
