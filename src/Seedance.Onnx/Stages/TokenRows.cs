namespace Seedance.Onnx.Stages;

/// <summary>The tokens of all branches as the text encoder takes them: the captions of a branch behind one another, each token with the number of its shot, filled up to a rectangle.</summary>
/// <param name="rows">How many branches there are.</param>
/// <param name="width">S: tokens of the longest branch.</param>
internal sealed class TokenRows(int rows, int width)
{
    /// <summary>Token ids, [G, S]; 0 where a row is filled up.</summary>
    public long[] Ids { get; } = new long[rows * width];

    /// <summary>1 where a token is, 0 where a row is filled up, [G, S].</summary>
    public long[] Mask { get; } = new long[rows * width];

    /// <summary>The shot that each token speaks of, from 0, [G, S]; 0 where a row is filled up.</summary>
    public long[] Shots { get; } = new long[rows * width];

    /// <summary>[G, S].</summary>
    public long[] Shape => [rows, width];

    /// <summary>Lays out the tokens of single captions.</summary>
    /// <param name="counts">How many captions each branch has.</param>
    /// <param name="ids">[N, s]: a row for each caption, all branches' captions in order.</param>
    /// <param name="mask">[N, s]: 1 where a token is.</param>
    /// <param name="least">The least S: what an encoder with a fixed length takes.</param>
    public static TokenRows Of(IReadOnlyList<int> counts, ReadOnlySpan<long> ids, ReadOnlySpan<long> mask, int least = 1)
    {
        int captions = counts.Sum(), length = ids.Length / captions, caption = 0;
        // Where every branch is one caption, the tokenizer's own rectangle stays as it is.
        int longest = counts.All(count => count == 1) ? length : least;
        int[] tokens = new int[captions];
        for (int i = 0; i < captions; i++)
        {
            tokens[i] = mask.Slice(i * length, length).Count(1L);
        }

        foreach (int count in counts)
        {
            longest = Math.Max(longest, tokens.AsSpan(caption, count).ToArray().Sum());
            caption += count;
        }

        TokenRows laid = new(counts.Count, longest);
        caption = 0;
        for (int row = 0; row < counts.Count; row++)
        {
            int at = row * longest;
            for (int shot = 0; shot < counts[row]; shot++, caption++)
            {
                for (int i = 0; i < length; i++)
                {
                    if (mask[(caption * length) + i] != 0)
                    {
                        laid.Ids[at] = ids[(caption * length) + i];
                        laid.Mask[at] = 1;
                        laid.Shots[at++] = shot;
                    }
                }
            }
        }

        return laid;
    }

    /// <summary>How many tokens a branch has.</summary>
    public int CountOf(int row) => Mask.AsSpan(row * width, width).Count(1L);
}
